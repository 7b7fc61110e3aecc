#include "simulator/linear_population.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "core/error.hpp"

namespace apical {
namespace {

constexpr double parked = -std::numeric_limits<double>::infinity();
/// T0 moves up when the fastest mode has grown to e^4.
constexpr double rescale_at = 4.0;
/// A slice is this part of the membrane time constant: short enough for the bound to exclude nearly all
/// neurons, long enough for the test to cost less than the arrivals.
constexpr double slice_of_membrane = 0.02;
/// Going to one neuron takes as long as passing so many in a row.
constexpr std::size_t cost_of_one = 4;
/// Looking a target up in a row takes as long as reading so many of its targets.
constexpr std::size_t cost_of_search = 32;

std::vector<std::size_t> in_use(const LinearDynamics& d, std::span<const bool> ports_used,
                                std::span<const double> initial) {
    const auto n = static_cast<std::size_t>(d.A.rows());
    std::vector<bool> marked(n, false);
    for (std::size_t k = 0; k < n; ++k) {
        marked[k] = idx(k) == d.membrane || d.u[idx(k)] != 0.0 || d.jump[idx(k)] != 0.0;
        for (std::size_t p = 0; p < ports_used.size(); ++p) {
            if (ports_used[p] && d.gains(idx(k), idx(p)) != 0.0) marked[k] = true;
        }
        for (std::size_t i = k; i < initial.size(); i += n + 1) {
            if (initial[i] != 0.0) marked[k] = true;
        }
    }
    marked = reached_from(d.A, std::move(marked));
    std::vector<std::size_t> list;
    for (std::size_t k = 0; k < n; ++k) {
        if (marked[k]) list.push_back(k);
    }
    return list;
}

LinearDynamics restricted(const LinearDynamics& d, const std::vector<std::size_t>& used) {
    LinearDynamics r = d;
    const auto n = idx(used.size());
    r.A.resize(n, n);
    r.gains.resize(n, d.gains.cols());
    for (auto* vector : {&r.u, &r.readout, &r.jump}) vector->resize(n);
    for (std::size_t i = 0; i < used.size(); ++i) {
        for (std::size_t j = 0; j < used.size(); ++j) r.A(idx(i), idx(j)) = d.A(idx(used[i]), idx(used[j]));
        r.u[idx(i)] = d.u[idx(used[i])];
        r.readout[idx(i)] = d.readout[idx(used[i])];
        r.jump[idx(i)] = d.jump[idx(used[i])];
        r.gains.row(idx(i)) = d.gains.row(idx(used[i]));
        if (idx(used[i]) == d.membrane) r.membrane = idx(i);
    }
    return r;
}

}  // namespace

bool LinearPopulation::supports(const LinearDynamics& d) {
    const auto n = static_cast<std::size_t>(d.A.rows());
    std::vector<bool> membrane(n, false);
    membrane[static_cast<std::size_t>(d.membrane)] = true;
    const std::vector<bool> reads_V = reached_from(d.A, membrane);
    if (n + 1 > most_functions) return false;
    for (std::size_t i = 0; i < n; ++i) {
        if (idx(i) == d.membrane) continue;
        if (reads_V[i] && d.readout[idx(i)] != 0.0) return false;
        for (std::size_t j = 0; j < n; ++j) {
            if (reads_V[i] && !reads_V[j] && d.A(idx(i), idx(j)) != 0.0) return false;
        }
        for (Eigen::Index p = 0; p < d.gains.cols(); ++p) {
            if (reads_V[i] && d.gains(idx(i), p) != 0.0) return false;
        }
    }
    return true;
}

LinearPopulation::LinearPopulation(PopulationSetup setup, const LinearDynamics& dynamics,
                                   std::vector<std::string_view> variables, std::span<const bool> ports_used,
                                   std::vector<double> initial)
    : Population(std::move(setup)),
      variables_(std::move(variables)),
      initial_(std::move(initial)),
      used_(in_use(dynamics, ports_used, initial_)),
      dynamics_(restricted(dynamics, used_)),
      propagator_(dynamics_.affine()),
      held_(dynamics_.affine_held()),
      margins_(dynamics_.margins()),
      t_ref_(ticks(dynamics.t_ref)),
      n_(used_.size()),
      stride_((n_ + cell_lanes) / cell_lanes * cell_lanes),
      membrane_(static_cast<std::size_t>(dynamics_.membrane)),
      slice_(ticks(std::min(slice_of_membrane / -dynamics.A(dynamics.membrane, dynamics.membrane),
                            rescale_at / propagator_.fastest()))) {
    require_time_constant(1.0 / propagator_.fastest());
    held_over_ = held_.exponential(ms(t_ref_));
    const Eigen::MatrixXd M = dynamics_.affine();
    for (std::size_t j = 0; j <= n_; ++j) {
        std::vector<bool> from(n_ + 1, false);
        from[j] = true;
        const std::vector<bool> reached = reached_from(M, from);
        for (std::size_t i = 0; i <= n_; ++i) {
            if (reads_.size() <= i) reads_.emplace_back(n_ + 1);
            reads_[i][j] = reached[i];
        }
    }
    for (std::size_t i = 0; i < n_; ++i) {
        if (i != membrane_ && reads_[i][membrane_]) dependent_.push_back(i);
    }
    const Eigen::VectorXd readout = dynamics_.affine_readout();
    for (std::size_t j = 0; j < propagator_.functions(); ++j) {
        const Eigen::VectorXd row = propagator_.matrix(j).transpose() * readout;
        readouts_.emplace_back(row.begin(), row.end());
    }
    curvatures_ = readouts_;
    for (std::size_t k = 0; k <= n_; ++k) {
        Vector first(propagator_.functions());
        Vector second(first);
        for (std::size_t j = 0; j < first.size(); ++j) first[j] = readouts_[j][k];
        propagator_.differentiate(first, second);
        propagator_.differentiate(second, first);
        for (std::size_t j = 0; j < first.size(); ++j) curvatures_[j][k] = first[j];
    }
    for (std::size_t p = 0; p < ports_used.size(); ++p)
        gains_.emplace_back(dynamics_, propagator_, p, ms(slice_), stride_);
    const Duration piece = std::max(
        Duration{1}, ticks(std::min(LinearGain::length_of_series / propagator_.fastest(), ms(slice_))));
    state_.resize(shards());
    for (std::size_t k = 0; k < shards(); ++k) {
        Shard& shard = state_[k];
        const Index count = last(k) - first(k);
        shard.may_fire.resize(count);
        shard.top.resize(count);
        shard.place.assign(count, 0);
        shard.held.assign(dependent_.size(), Vector(count));
        shard.noise = LinearNoise(
            noise_groups(this->setup().seed, name(), this->setup().noise, size(), first(k), last(k)), piece,
            stride_);
        start_all(k, Time{});
    }
}

void LinearPopulation::start_all(std::size_t k, Time now) {
    Shard& shard = state_[k];
    const Index count = last(k) - first(k);
    const std::size_t width = variables_.size();
    shard.T0 = now;
    shard.ends = {};
    shard.cells.assign(count * stride_, 0.0);
    shard.start = shard.cells;
    shard.start_is_stale = true;
    shard.bound_until = Time::min();
    shard.refractory.clear();
    shard.release.assign(count, Time::max());
    for (Index i = 0; i < count; ++i) {
        const double* x = initial_.data() + (first(k) + std::size_t{i}) * width;
        State s{};
        for (std::size_t v = 0; v < n_; ++v) s[v] = x[used_[v]];
        if (x[width - 1] > 0.0) {
            // As if it had been held for t_ref at the release.
            const Propagator::Matrix E = held_.exponential(x[width - 1] - ms(t_ref_));
            Vector y(n_ + 1, 1.0);
            for (std::size_t v = 0; v < n_; ++v) y[v] = s[v];
            y[membrane_] = dynamics_.V_reset;
            for (std::size_t d = 0; d < dependent_.size(); ++d) {
                double sum = 0.0;
                for (std::size_t j = 0; j <= n_; ++j) sum += E(idx(dependent_[d]), idx(j)) * y[j];
                shard.held[d][i] = sum;
            }
            shard.release[i] = now + ticks(x[width - 1]);
            s[membrane_] = parked;
            shard.refractory.push_back(static_cast<Table::Local>(i));
        }
        set_state(shard.cells, i, s);
    }
}

Time LinearPopulation::quiet_until(std::size_t k, const Window& next) {
    Shard& shard = state_[k];
    const Time noise = shard.noise.next_time();
    if (noise < next.end) return noise;
    // V_m - V_th = sum_j c_j phi_j is no more than the sum of the most that each term will be.
    Functions low{};
    Functions high{};
    propagator_.bounds_from(tau(shard, next.begin), low, high);
    for (std::size_t i = 0; i < shard.release.size(); ++i) {
        const double* const s = shard.cells.data() + stride_ * i;
        double top = 0.0;
        for (std::size_t j = 0; j < readouts_.size(); ++j) {
            double c = readouts_[j][n_];
            for (std::size_t v = 0; v < n_; ++v) c += readouts_[j][v] * s[v];
            if (c == 0.0) continue;  // of a function that grows
            const double most = std::max(c * low[j], c * high[j]);
            top += most + 1e-9 * std::abs(most);  // and a hair for rounding
        }
        if (!(top < 0.0) || shard.release[i] != Time::max()) return next.begin;
    }
    return noise;
}

void LinearPopulation::restart(Time now) {
    for (std::size_t k = 0; k < shards(); ++k) start_all(k, now);
}

void LinearPopulation::integrate(std::size_t k, const Window& window, std::span<const Arrival> arrivals) {
    // Slices divide the window evenly, in ticks.
    const Duration length = window.end - window.begin;
    const Clock::rep slices = (length + slice_ - Duration{1}) / slice_;
    // length * i / slices, which a long window would make too large for a Duration.
    const auto up_to = [&](Clock::rep i) { return length / slices * i + length % slices * i / slices; };
    for (Clock::rep i = 0; i < slices; ++i) {
        const Window part{window.begin + up_to(i), window.begin + up_to(i + 1)};
        const auto next = std::partition_point(arrivals.begin(), arrivals.end(), [&](const Arrival& arrival) {
            return arrival.time < part.end;
        });
        const auto due = static_cast<std::size_t>(next - arrivals.begin());
        slice(k, part, arrivals, due);
        arrivals = arrivals.subspan(due);
    }
}

void LinearPopulation::slice(std::size_t k, const Window& slice, std::span<const Arrival> arrivals,
                             std::size_t due) {
    Shard& shard = state_[k];
    rescale(shard, slice.begin);
    begin_slice(shard);
    if (slice.end > shard.bound_until) renew_bound(shard, slice);

    shard.noise.deliver(propagator_, gains_, shard.T0, slice, shard.cells.data());
    for (std::size_t a = 0; a < due; ++a) {
        prefetch_after(k, arrivals, a);
        deliver_row(k, arrivals[a]);
    }

    find_suspects(shard, slice.end);
    shard.tested += shard.release.size();
    shard.replayed += shard.suspects.size();
    if (shard.suspects.empty()) return;
    sort_arrivals(shard);
    FunctionsAt begin{slice.begin, {}};
    FunctionsAt end{slice.end, {}};
    evaluate(shard, begin.time, begin.phi);
    evaluate(shard, end.time, end.phi);
    shard.ends = {begin, end};
    Functions low = begin.phi;
    Functions high = end.phi;
    propagator_.bounds_between(tau(shard, slice.begin), tau(shard, slice.end), low, high);
    for (std::size_t j = 0; j < low.size(); ++j)
        shard.peak[j] = std::max(std::abs(low[j]), std::abs(high[j]));
    for (std::size_t i = 0; i < shard.suspects.size(); ++i) {
        const Table::Local local = shard.suspects[i];
        const bool was_held = shard.release[local] != Time::max();
        replay(k, local, shard.arrivals[i], slice);
        if (!was_held && shard.release[local] != Time::max()) shard.refractory.push_back(local);
    }
    std::erase_if(shard.refractory, [&](Table::Local local) { return shard.release[local] == Time::max(); });
}

void LinearPopulation::begin_slice(Shard& shard) const {
    if (shard.start_is_stale || reaches_most(shard)) {
        shard.start = shard.cells;
        shard.start_is_stale = false;
    } else {
        const auto copy = [&](Table::Local local) {
            const double* const from = shard.cells.data() + stride_ * local;
            double* const to = shard.start.data() + stride_ * local;
            for (std::size_t lane = 0; lane < stride_; lane += cell_lanes)
                std::memcpy(to + lane, from + lane, cell_lanes * sizeof(double));
        };
        for_each_reached(shard, copy);
        for (const Table::Local local : shard.suspects) copy(local);
    }
    shard.rows.clear();
    shard.row_gains.clear();
    shard.weights.clear();
}

template <class Function>
void LinearPopulation::for_each_reached(const Shard& shard, const Function& function) {
    for (const DeliveredRow& row : shard.rows) {
        for (const Table::Local local : row.targets) function(local);
    }
    for (const Table::Local local : shard.noise.targets()) function(local);
}

void LinearPopulation::renew_bound(Shard& shard, const Window& slice) const {
    // Slices that follow are about as long as this one.
    const Duration length = slice.end - slice.begin;
    shard.bound_until = slice.begin + slice_ / length * length;
    const CellBound b = bound(shard, {slice.begin, shard.bound_until});
    const std::size_t count = shard.release.size();
    find_tops(stride_, count, shard.cells.data(), n_, b, shard.top.data(), shard.may_fire.data());
    if (replay_all_) std::fill(shard.may_fire.begin(), shard.may_fire.end(), 1);
    collect_suspects(shard);
}

void LinearPopulation::find_suspects(Shard& shard, Time end) const {
    const std::size_t before = shard.suspects.size();
    const auto suspect = [&](Table::Local local) {
        if (shard.may_fire[local] != 0) return;
        shard.may_fire[local] = 1;
        shard.suspects.push_back(local);
    };
    for (const Table::Local local : shard.refractory) {
        if (shard.release[local] - rounding < end) suspect(local);
    }
    if (reaches_most(shard)) {
        mark_lifted(stride_, shard.release.size(), shard.top.data(), shard.cells.data() + n_,
                    shard.may_fire.data());
        collect_suspects(shard);
    } else {
        for_each_reached(shard, [&](Table::Local local) {
            if (shard.top[local] + shard.cells[stride_ * local + n_] >= 0.0) suspect(local);
        });
        if (shard.suspects.size() != before) std::sort(shard.suspects.begin(), shard.suspects.end());
    }
}

void LinearPopulation::collect_suspects(Shard& shard) {
    shard.suspects.clear();
    const std::uint8_t* const marks = shard.may_fire.data();
    const std::size_t count = shard.may_fire.size();
    for (std::size_t i = 0; i < count; i += sizeof(std::uint64_t)) {
        const std::size_t n = std::min(sizeof(std::uint64_t), count - i);
        std::uint64_t word = 0;
        std::memcpy(&word, marks + i, n);
        if (word == 0) continue;
        for (std::size_t k = i; k < i + n; ++k) {
            if (marks[k] != 0) shard.suspects.push_back(static_cast<Table::Local>(k));
        }
    }
}

bool LinearPopulation::reaches_most(const Shard& shard) {
    std::size_t reached = shard.suspects.size() + shard.noise.targets().size();
    for (const DeliveredRow& row : shard.rows) reached += row.targets.size();
    return reached * cost_of_one > shard.release.size();
}

void LinearPopulation::sort_arrivals(Shard& shard) const {
    const std::size_t count = shard.suspects.size();
    if (shard.arrivals.size() < count) shard.arrivals.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
        shard.place[shard.suspects[i]] = static_cast<std::uint32_t>(i + 1);
        shard.arrivals[i].clear();
    }
    const auto earlier = [](const Replayed& a, const Replayed& b) { return a.time < b.time; };
    const LinearNoise::Hits& hits = shard.noise.find(shard.may_fire);
    for (std::size_t i = 0; i < hits.times.size(); ++i) {
        const double* const jump = hits.jumps.data() + stride_ * i;
        shard.arrivals[shard.place[hits.targets[i]] - 1U].push_back(
            {hits.times[i], 1.0, jump, jump[n_], hits.raises[i]});
    }
    for (const DeliveredRow& row : shard.rows) {
        const auto note = [&](std::size_t j, std::size_t i) {
            const double weight =
                (row.uniform ? row.uniform_weight : double{shard.weights[row.weights + j]}) * row.release;
            shard.arrivals[i].push_back({row.time, weight, shard.row_gains.data() + row.gain,
                                         gains_[row.port].lift(weight), gains_[row.port].raises(weight)});
        };
        if (count * cost_of_search < row.targets.size()) {
            for (std::size_t i = 0; i < count; ++i) {
                const auto [low, high] =
                    std::equal_range(row.targets.begin(), row.targets.end(), shard.suspects[i]);
                for (auto target = low; target != high; ++target)
                    note(static_cast<std::size_t>(target - row.targets.begin()), i);
            }
        } else {
            for_each_marked(row.targets, shard.may_fire,
                            [&](std::size_t j) { note(j, shard.place[row.targets[j]] - 1U); });
        }
    }
    for (std::size_t i = 0; i < count; ++i) {
        // Noise comes first at a tick. The lists are short, and two or three runs in order.
        auto& list = shard.arrivals[i];
        for (auto next = list.begin(); next != list.end(); ++next)
            std::rotate(std::upper_bound(list.begin(), next, *next, earlier), next, next + 1);
        shard.place[shard.suspects[i]] = 0;
    }
}

void LinearPopulation::rescale(Shard& shard, Time now) const {
    if (propagator_.fastest() * tau(shard, now) <= rescale_at) return;
    const Propagator::Matrix E = propagator_.exponential(tau(shard, now));
    Cells columns(stride_ * (n_ + 1), 0.0);
    for (std::size_t j = 0; j <= n_; ++j) {
        for (std::size_t i = 0; i < n_; ++i) columns[stride_ * j + i] = E(idx(i), idx(j));
    }
    map_cells(stride_, shard.release.size(), n_, columns.data(), shard.cells.data(), shard.start.data());
    for (const Table::Local local : shard.refractory) {
        const State s = state(shard.cells, local);
        State next{};
        for (std::size_t i = 0; i < n_; ++i) {
            next[i] = E(idx(i), idx(n_));
            for (std::size_t j = 0; j < n_; ++j) {
                // Zero times the minus infinity of a held membrane is not zero.
                if (reads_[i][j]) next[i] += E(idx(i), idx(j)) * s[j];
            }
        }
        std::copy_n(next.data(), stride_, shard.start.data() + stride_ * local);
    }
    shard.cells.swap(shard.start);
    shard.T0 = now;
    shard.ends = {};
    shard.start_is_stale = true;
    shard.bound_until = Time::min();
}

std::size_t LinearPopulation::append_gain(Shard& shard, std::size_t port, Time time) const {
    Functions phi{};
    propagator_.evaluate(-tau(shard, time), phi);
    const std::size_t offset = shard.row_gains.size();
    shard.row_gains.resize(offset + stride_);
    gains_[port].at(phi, shard.row_gains.data() + offset);
    return offset;
}

void LinearPopulation::deliver_row(std::size_t k, const Arrival& arrival) {
    Shard& shard = state_[k];
    Projection& p = projection(arrival);
    const Table::Row row = p.tables[k].row(arrival.source);
    if (row.targets.empty()) return;
    p.arrive(k, arrival);
    if (arrival.release == 0.0) return;  // it came for the rule, or for synapses with states of their own
    const std::size_t gain = append_gain(shard, p.port, arrival.time);
    shard.rows.push_back({arrival.time, row.targets, shard.weights.size(), row.weights.empty(),
                          p.tables[k].uniform_weight(), arrival.release, p.port, gain});
    // Each weight also lifts V_m's bound.
    alignas(cell_lanes * sizeof(double)) State upward{};
    std::copy_n(shard.row_gains.data() + gain, stride_, upward.begin());
    alignas(cell_lanes * sizeof(double)) State downward = upward;
    upward[n_] = gains_[p.port].lift(1.0);
    downward[n_] = -gains_[p.port].lift(-1.0);
    if (row.weights.empty()) {
        const double w = p.tables[k].uniform_weight() * arrival.release;
        alignas(cell_lanes * sizeof(double)) State jump = w > 0.0 ? upward : downward;
        for (double& lane : jump) lane *= w;
        add_uniform(stride_, row.targets, jump.data(), shard.cells.data());
        return;
    }
    // Those of plastic synapses may change within the slice, and the replay needs them as they are now.
    shard.weights.insert(shard.weights.end(), row.weights.begin(), row.weights.end());
    add_weighted(stride_, row.targets, row.weights.data(), arrival.release, upward.data(), downward.data(),
                 shard.cells.data());
}

LinearPopulation::State LinearPopulation::state(const Cells& cells, Index local) const {
    State s{};
    std::copy_n(cells.data() + stride_ * local, n_, s.begin());
    return s;
}

void LinearPopulation::set_state(Cells& cells, Index local, const State& s) const {
    std::copy_n(s.data(), n_, cells.data() + stride_ * local);
}

void LinearPopulation::evaluate(const Shard& shard, Time time, Functions& phi) const {
    for (const FunctionsAt& end : shard.ends) {
        if (end.time == time) {
            phi = end.phi;
            return;
        }
    }
    propagator_.evaluate(tau(shard, time), phi);
}

CellBound LinearPopulation::bound(const Shard& shard, const Window& slice) const {
    // The readout of V_m - V_th at tau is sum_k C_k(tau) s_k, with C_k = sum_j readout_jk phi_j. Between the
    // slice's ends a coefficient leaves its chord by at most width^2/8 times its largest second derivative.
    const double from = tau(shard, slice.begin);
    const double to = tau(shard, slice.end);
    const std::size_t m = propagator_.functions();
    Functions begin{};
    Functions end{};
    evaluate(shard, slice.begin, begin);
    evaluate(shard, slice.end, end);
    Functions low = begin;
    Functions high = end;
    propagator_.bounds_between(from, to, low, high);
    CellBound b;
    for (std::size_t k = 0; k <= n_; ++k) {
        double a = 0.0;
        double z = 0.0;
        double curvature = 0.0;
        for (std::size_t j = 0; j < m; ++j) {
            a += readouts_[j][k] * begin[j];
            z += readouts_[j][k] * end[j];
            curvature +=
                std::max(std::abs(curvatures_[j][k] * low[j]), std::abs(curvatures_[j][k] * high[j]));
        }
        // And a hair for rounding: a neuron is never dropped that a replay would make fire.
        const double pad = (to - from) * (to - from) / 8 * curvature + 1e-13 * (std::abs(a) + std::abs(z));
        const std::size_t place = k < n_ ? k : stride_;
        b.begin[place] = a;
        b.end[place] = z;
        b.pad[place] = pad;
    }
    // The readout is zero where a drift has crossed: an arrival has reached the threshold before.
    b.pad[stride_] += margins_.arrival + margins_.drift;
    return b;
}

void LinearPopulation::replay(std::size_t k, Table::Local local, std::span<const Replayed> arrivals,
                              const Window& slice) {
    Shard& shard = state_[k];
    State s = state(shard.start, local);
    const Time release_before = shard.release[local];
    const std::size_t spikes_before = parts_[k].spikes.size();

    // Until the bound, lifted by arrival after arrival, reaches threshold there is nothing to look for.
    double top = shard.top[local] + shard.start[stride_ * local + n_];
    Time now = slice.begin;
    Functions phi{};
    bool looking = false;
    bool raised = false;
    const auto advance_to = [&](Time end) {
        if (!looking && top < 0.0 && release_before - rounding >= slice.end && !replay_all_) return;
        if (!looking) evaluate(shard, now, phi);
        looking = true;
        advance(k, local, s, raised, now, end, phi);
    };
    for (const Replayed& arrival : arrivals) {
        advance_to(arrival.time);
        now = arrival.time;
        top += arrival.lift;
        raised = arrival.raises;
        for (std::size_t v = 0; v < n_; ++v) s[v] += arrival.weight * arrival.gain[v];
    }
    advance_to(slice.end);
    const bool quiet = parts_[k].spikes.size() == spikes_before && shard.release[local] == release_before;
    if (quiet) return;
    set_state(shard.cells, local, s);
    shard.top[local] = std::numeric_limits<double>::infinity();  // the bound holds no longer
}

void LinearPopulation::advance(std::size_t k, Table::Local local, State& s, bool raised, Time from, Time end,
                               Functions& phi) {
    Shard& shard = state_[k];
    const std::size_t m = propagator_.functions();
    while (true) {
        if (shard.release[local] != Time::max()) {
            // A release precedes the arrivals of its time, which is rounded; one at the slice's end is the
            // next slice's.
            const Time release = shard.release[local];
            if (release - rounding > end) break;
            free(shard, local, s, release);
            from = std::min(release, end);
            raised = false;
            evaluate(shard, from, phi);
        }
        // f = V_m - V_th as a sum of functions, and the most by which it can leave its chord.
        Functions coefficients{};
        double now = 0.0;
        double size = 0.0;
        double curvature = 0.0;
        for (std::size_t j = 0; j < m; ++j) {
            double sum = readouts_[j][n_];
            double second = curvatures_[j][n_];
            for (std::size_t v = 0; v < n_; ++v) {
                sum += readouts_[j][v] * s[v];
                second += curvatures_[j][v] * s[v];
            }
            coefficients[j] = sum;
            now += sum * phi[j];
            size += std::abs(sum * phi[j]);
            curvature += std::abs(second) * shard.peak[j];
        }
        if (!(size < largest_potential)) lost(first(k) + local, from, lost_in_rounding);
        if (now < (raised ? -(margins_.arrival + margins_.drift) : 0.0)) {
            const Functions at_from = phi;
            evaluate(shard, end, phi);
            double then = 0.0;
            for (std::size_t j = 0; j < m; ++j) then += coefficients[j] * phi[j];
            const double width = ms(end - from);
            // And a hair for rounding.
            if (std::max(now, then) * (1.0 - 1e-9) + width * width / 8 * curvature < 0.0) return;
            const std::span<const double> drift(coefficients.data(), m);
            const auto passed =
                first_crossing(propagator_, drift, tau(shard, from), at_from, tau(shard, end), phi);
            if (!passed) return;
            const double crossing =
                back_to_threshold(propagator_, drift, margins_.drift, tau(shard, from), *passed);
            from = std::clamp(shard.T0 + ticks_up(crossing), from, end);
        }
        raised = false;
        emit(k, local, from, SpikeKind::event, no_mark);
        spike(shard, local, s, from);
        evaluate(shard, from, phi);
    }
    evaluate(shard, end, phi);
}

LinearPopulation::State LinearPopulation::at(const Shard& shard, const State& s, Time time) const {
    const Propagator::Matrix E = propagator_.exponential(tau(shard, time));
    State y;
    y[n_] = 1.0;
    for (std::size_t i = 0; i < n_; ++i) {
        y[i] = E(idx(i), idx(n_));
        for (std::size_t j = 0; j < n_; ++j) {
            if (reads_[i][j]) y[i] += E(idx(i), idx(j)) * s[j];
        }
    }
    return y;
}

void LinearPopulation::spike(Shard& shard, Table::Local local, State& s, Time time) const {
    State y = at(shard, s, time);
    for (std::size_t i = 0; i < n_; ++i) y[i] += dynamics_.jump[idx(i)];
    y[membrane_] = dynamics_.V_reset;
    const Propagator::Matrix back = propagator_.exponential(-tau(shard, time));
    for (std::size_t i = 0; i < n_; ++i) {
        double sum = 0.0;
        for (std::size_t j = 0; j <= n_; ++j) {
            if (reads_[i][j]) sum += back(idx(i), idx(j)) * y[j];
        }
        s[i] = sum;
    }
    if (t_ref_ == Duration::zero()) return;
    for (std::size_t d = 0; d < dependent_.size(); ++d) shard.held[d][local] = y[dependent_[d]];
    s[membrane_] = parked;
    shard.release[local] = time + t_ref_;
}

void LinearPopulation::free(Shard& shard, Table::Local local, State& s, Time time) const {
    shard.release[local] = Time::max();
    State y = at(shard, s, time);
    y[membrane_] = dynamics_.V_reset;
    for (const std::size_t d : dependent_) {
        y[d] = held_over_(idx(d), idx(n_)) + held_over_(idx(d), idx(membrane_)) * dynamics_.V_reset;
        for (std::size_t e = 0; e < dependent_.size(); ++e) {
            y[d] += held_over_(idx(d), idx(dependent_[e])) * shard.held[e][local];
        }
    }
    const Propagator::Matrix back = propagator_.exponential(-tau(shard, time));
    for (std::size_t i = 0; i < n_; ++i) {
        // What does not read V_m went on all the while: its s is as it was.
        if (!reads_[i][membrane_]) continue;
        double sum = 0.0;
        for (std::size_t j = 0; j <= n_; ++j) {
            if (reads_[i][j]) sum += back(idx(i), idx(j)) * y[j];
        }
        s[i] = sum;
    }
}

double LinearPopulation::sample(Index neuron, std::size_t variable, Time now) const {
    const std::size_t k = shard_of(neuron);
    const Shard& shard = state_[k];
    const Index local = neuron - first(k);
    const bool is_held = shard.release[local] != Time::max();
    if (variable + 1 == variables_.size()) return is_held ? ms(shard.release[local] - now) : 0.0;
    const auto found = std::find(used_.begin(), used_.end(), variable);
    if (found == used_.end()) return 0.0;
    const auto v = static_cast<std::size_t>(found - used_.begin());
    if (is_held && v == membrane_) return dynamics_.V_reset;
    const auto dependent = std::find(dependent_.begin(), dependent_.end(), v);
    if (is_held && dependent != dependent_.end()) {
        const Propagator::Matrix E = held_.exponential(ms(now - (shard.release[local] - t_ref_)));
        double y = E(idx(v), idx(n_)) + E(idx(v), idx(membrane_)) * dynamics_.V_reset;
        for (std::size_t e = 0; e < dependent_.size(); ++e)
            y += E(idx(v), idx(dependent_[e])) * shard.held[e][local];
        return y;
    }
    return at(shard, state(shard.cells, local), now)[v];
}

void LinearPopulation::set(Index neuron, std::size_t variable, double value, Time now) {
    const auto found = std::find(used_.begin(), used_.end(), variable);
    if (found == used_.end()) {
        throw ModelError(name() + ": " + std::string(variables_[variable]) +
                         " is not in use here and cannot be set");
    }
    const auto v = static_cast<std::size_t>(found - used_.begin());
    const std::size_t k = shard_of(neuron);
    Shard& shard = state_[k];
    const Index local = neuron - first(k);
    const bool is_held = shard.release[local] != Time::max();
    if (is_held && v == membrane_) return;
    rescale(shard, now);
    double reached = value;
    if (v == membrane_) {
        State y = at(shard, state(shard.cells, local), now);
        y[v] = value;
        dynamics_.settle({y.data(), n_});
        reached = y[v];
    }
    const double change = reached - sample(neuron, variable, now);
    if (is_held && reads_[v][membrane_]) {
        // What reads V_m is worked out at the release, from what it was as the neuron fired.
        const Propagator::Matrix back = held_.exponential(ms(shard.release[local] - t_ref_ - now));
        for (std::size_t e = 0; e < dependent_.size(); ++e)
            shard.held[e][local] += back(idx(dependent_[e]), idx(v)) * change;
        return;
    }
    const Propagator::Matrix back = propagator_.exponential(-tau(shard, now));
    for (std::size_t i = 0; i < n_; ++i) {
        if (reads_[i][v]) shard.cells[stride_ * local + i] += back(idx(i), idx(v)) * change;
    }
    shard.start_is_stale = true;
    shard.bound_until = Time::min();
}

void LinearPopulation::check_numbers(Time now) const {
    for (std::size_t k = 0; k < shards(); ++k) {
        const Shard& shard = state_[k];
        for (Index local = 0; local < shard.release.size(); ++local) {
            const bool is_held = shard.release[local] != Time::max();
            for (std::size_t v = 0; v < n_; ++v) {
                const double s = shard.cells[stride_ * local + v];
                if (!std::isfinite(s) && !(is_held && v == membrane_))
                    not_finite(first(k) + local, variables_[used_[v]], s, now);
            }
        }
    }
}

void LinearPopulation::Shard::persist(Archive& archive) {
    archive("T0", T0);
    archive("cells", std::span<double>(cells));
    for (std::size_t d = 0; d < held.size(); ++d) archive("held_" + std::to_string(d), std::span(held[d]));
    archive("release", std::span(release));
    refractory.clear();
    for (std::size_t i = 0; i < release.size(); ++i) {
        if (release[i] != Time::max()) refractory.push_back(static_cast<Table::Local>(i));
    }
    ends = {};
    start_is_stale = true;
    bound_until = Time::min();
    archive("noise", noise);
}

std::uint64_t LinearPopulation::replayed() const {
    std::uint64_t sum = 0;
    for (const Shard& shard : state_) sum += shard.replayed;
    return sum;
}

std::uint64_t LinearPopulation::tested() const {
    std::uint64_t sum = 0;
    for (const Shard& shard : state_) sum += shard.tested;
    return sum;
}

}  // namespace apical
