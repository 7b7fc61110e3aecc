#include "simulator/linear_population.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>

#include "core/error.hpp"
#include "core/simd.hpp"

namespace apical {
namespace {

constexpr double parked = -std::numeric_limits<double>::infinity();
/// T0 moves up when the fastest mode has grown to e^4.
constexpr double rescale_at = 4.0;
/// A slice is this part of the membrane time constant: short enough for the bound to exclude nearly all
/// neurons, long enough for the test to cost less than the arrivals.
constexpr double slice_of_membrane = 0.02;

Eigen::Index idx(std::size_t i) { return static_cast<Eigen::Index>(i); }

/// The coefficient of a variable at both ends of a slice, and by how much it may leave its chord.
struct Coefficient {
    double begin;
    double end;
    double pad;
};

[[gnu::always_inline]] inline void add_variable_loop(const Coefficient& c, const double* __restrict s,
                                                     double* __restrict at_begin, double* __restrict at_end,
                                                     double* __restrict pad, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) {
        at_begin[i] += c.begin * s[i];
        at_end[i] += c.end * s[i];
        pad[i] += c.pad * std::abs(s[i]);
    }
}
APICAL_WIDEST(, void, add_variable,
              (const Coefficient& c, const double* s, double* at_begin, double* at_end, double* pad,
               std::size_t n),
              (c, s, at_begin, at_end, pad, n))

/// Which variables are reached from the marked ones: by what reads them, and so on.
std::vector<bool> closure(const Eigen::MatrixXd& A, std::vector<bool> marked) {
    for (bool grown = true; grown;) {
        grown = false;
        for (std::size_t i = 0; i < marked.size(); ++i) {
            for (std::size_t j = 0; j < marked.size(); ++j) {
                if (!marked[i] && marked[j] && A(idx(i), idx(j)) != 0.0) marked[i] = grown = true;
            }
        }
    }
    return marked;
}

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
    marked = closure(d.A, std::move(marked));
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
    const std::vector<bool> reads_V = closure(d.A, membrane);
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
      t_ref_(ticks(dynamics.t_ref)),
      n_(used_.size()),
      membrane_(static_cast<std::size_t>(dynamics_.membrane)),
      slice_(ticks(std::min(slice_of_membrane / -dynamics.A(dynamics.membrane, dynamics.membrane),
                            rescale_at / propagator_.fastest()))) {
    held_over_ = held_.exponential(ms(t_ref_));
    const Eigen::MatrixXd M = dynamics_.affine();
    for (std::size_t j = 0; j <= n_; ++j) {
        std::vector<bool> from(n_ + 1, false);
        from[j] = true;
        const std::vector<bool> reached = closure(M, from);
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
    for (Eigen::Index p = 0; p < dynamics_.gains.cols(); ++p) {
        PortGain port;
        Eigen::VectorXd g = Eigen::VectorXd::Zero(idx(n_ + 1));
        g.head(idx(n_)) = dynamics_.gains.col(p);
        std::vector<bool> touched(n_ + 1, false);
        for (std::size_t k = 0; k < n_; ++k) touched[k] = g[idx(k)] != 0.0;
        touched = closure(M, touched);
        std::vector<Eigen::VectorXd> terms;
        Vector low(propagator_.functions());
        Vector high(low);
        propagator_.bounds(0.0, ms(slice_), low, high);
        double top = 0.0;
        double bottom = 0.0;
        for (std::size_t j = 0; j < propagator_.functions(); ++j) {
            const Eigen::VectorXd term = propagator_.matrix(j) * g;
            const double k = readout.dot(term);
            top += std::max(k * low[j], k * high[j]);
            bottom += std::min(k * low[j], k * high[j]);
            if (!term.isZero()) port.functions.push_back(j);
            terms.push_back(term);
        }
        port.rise = std::max(0.0, top);
        port.fall = std::max(0.0, -bottom);
        for (std::size_t k = 0; k < n_; ++k) {
            if (!touched[k]) continue;
            port.columns.push_back(k);
            Vector& weights = port.weights.emplace_back();
            for (const std::size_t j : port.functions) weights.push_back(terms[j][idx(k)]);
        }
        ports_.push_back(std::move(port));
    }
    state_.resize(shards());
    for (std::size_t k = 0; k < shards(); ++k) {
        Shard& shard = state_[k];
        const Index count = last(k) - first(k);
        shard.groups.resize(count / noise_block() + 2);
        shard.points.resize(shard.groups.size());
        shard.place.assign(count, 0);
        shard.held.assign(dependent_.size(), Vector(count));
        for (NoiseGroup& noise :
             noise_groups(this->setup().seed, name(), this->setup().noise, size(), first(k), last(k))) {
            const Index block = noise.trains.front().block() - first(k) / noise_block();
            for (NoiseBlock& train : noise.trains)
                shard.groups[block].trains.push_back({std::move(train), 0, {}});
        }
        start_all(k, Time{});
    }
}

void LinearPopulation::start_all(std::size_t k, Time now) {
    Shard& shard = state_[k];
    const Index count = last(k) - first(k);
    const std::size_t width = variables_.size();
    shard.T0 = now;
    shard.s.assign(n_, Vector(count));
    shard.start = shard.s;
    shard.lift.assign(count, 0.0);
    shard.release.assign(count, Time::max());
    for (Group& group : shard.groups) {
        for (Train& train : group.trains) train.chunk = 0;
    }
    for (Index i = 0; i < count; ++i) {
        const double* x = initial_.data() + (first(k) + std::size_t{i}) * width;
        for (std::size_t v = 0; v < n_; ++v) shard.s[v][i] = x[used_[v]];
        if (x[width - 1] > 0.0) {
            // As if it had been held for t_ref at the release.
            const Eigen::MatrixXd E = held_.exponential(x[width - 1] - ms(t_ref_));
            Vector y(n_ + 1, 1.0);
            for (std::size_t v = 0; v < n_; ++v) y[v] = shard.s[v][i];
            y[membrane_] = dynamics_.V_reset;
            for (std::size_t d = 0; d < dependent_.size(); ++d) {
                double sum = 0.0;
                for (std::size_t j = 0; j <= n_; ++j) sum += E(idx(dependent_[d]), idx(j)) * y[j];
                shard.held[d][i] = sum;
            }
            shard.release[i] = now + ticks(x[width - 1]);
            shard.s[membrane_][i] = parked;
        }
    }
}

Time LinearPopulation::quiet_until(std::size_t k, const Window& next) {
    Shard& shard = state_[k];
    Time noise = Time::max();
    for (Group& group : shard.groups) {
        for (Train& train : group.trains) noise = std::min(noise, train.points.next_time());
    }
    if (noise < next.end) return noise;
    // V_m - V_th = sum_j c_j phi_j is no more than the sum of the most that each term will be.
    Functions low{};
    Functions high{};
    propagator_.bounds_from(tau(shard, next.begin), low, high);
    for (std::size_t i = 0; i < shard.lift.size(); ++i) {
        double top = 0.0;
        for (std::size_t j = 0; j < readouts_.size(); ++j) {
            double c = readouts_[j][n_];
            for (std::size_t v = 0; v < n_; ++v) c += readouts_[j][v] * shard.s[v][i];
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
    for (Clock::rep i = 0; i < slices; ++i) {
        const Window part{window.begin + length * i / slices, window.begin + length * (i + 1) / slices};
        const auto next = std::partition_point(arrivals.begin(), arrivals.end(), [&](const Arrival& arrival) {
            return arrival.time < part.end;
        });
        const auto due = static_cast<std::size_t>(next - arrivals.begin());
        slice(k, part, arrivals.first(due));
        arrivals = arrivals.subspan(due);
    }
}

void LinearPopulation::slice(std::size_t k, const Window& slice, std::span<const Arrival> arrivals) {
    Shard& shard = state_[k];
    rescale(shard, slice.begin);
    for (std::size_t v = 0; v < n_; ++v)
        std::copy(shard.s[v].begin(), shard.s[v].end(), shard.start[v].begin());
    std::fill(shard.lift.begin(), shard.lift.end(), 0.0);
    shard.rows.clear();
    shard.gains.clear();
    shard.weights.clear();
    for (auto& points : shard.points) points.clear();

    for (const Arrival& arrival : arrivals) {
        deliver_noise(shard, arrival.time + Duration{1});
        deliver_row(k, arrival);
    }
    deliver_noise(shard, slice.end);

    const SliceBound b = bound(shard, slice);
    const Index count = last(k) - first(k);
    shard.tested += count;
    Vector& top = shard.lift;
    shard.at_begin.assign(count, b.begin[n_]);
    shard.at_end.assign(count, b.end[n_]);
    for (std::size_t v = 0; v < n_; ++v) {
        add_variable({b.begin[v], b.end[v], b.pad[v]}, shard.start[v].data(), shard.at_begin.data(),
                     shard.at_end.data(), top.data(), count);
    }
    for (Index i = 0; i < count; ++i) top[i] += b.pad[n_] + std::max(shard.at_begin[i], shard.at_end[i]);
    shard.flagged.clear();
    for (Index i = 0; i < count; ++i) {
        if (!(top[i] >= 0.0) && shard.release[i] >= slice.end && !replay_all_) continue;
        shard.flagged.push_back(static_cast<Table::Local>(i));
    }
    if (shard.flagged.empty()) return;
    shard.replayed += shard.flagged.size();
    sort_arrivals(shard);
    Functions low{};
    Functions high{};
    propagator_.bounds(tau(shard, slice.begin), tau(shard, slice.end), low, high);
    for (std::size_t j = 0; j < low.size(); ++j)
        shard.peak[j] = std::max(std::abs(low[j]), std::abs(high[j]));
    for (std::size_t i = 0; i < shard.flagged.size(); ++i)
        replay(k, shard.flagged[i], shard.arrivals[i], slice);
}

void LinearPopulation::sort_arrivals(Shard& shard) const {
    const std::size_t count = shard.flagged.size();
    if (shard.arrivals.size() < count) shard.arrivals.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
        shard.place[shard.flagged[i]] = static_cast<std::uint32_t>(i + 1);
        shard.arrivals[i].clear();
    }
    for (const auto& points : shard.points) {
        for (const DeliveredPoint& point : points) {
            if (const std::uint32_t place = shard.place[point.local]; place != 0)
                shard.arrivals[place - 1U].push_back({point.time, point.port, point.weight, point.gain});
        }
    }
    // A neuron's noise comes first at a tick, as in the delivery; each list is put in order below.
    const auto earlier = [](const Replayed& a, const Replayed& b) { return a.time < b.time; };
    std::vector<std::size_t>& noise = shard.noise_count;
    noise.resize(count);
    for (std::size_t i = 0; i < count; ++i) noise[i] = shard.arrivals[i].size();
    for (const DeliveredRow& row : shard.rows) {
        for (std::size_t j = 0; j < row.targets.size(); ++j) {
            const std::uint32_t place = shard.place[row.targets[j]];
            if (place == 0) continue;
            const double weight = row.uniform ? row.uniform_weight : double{shard.weights[row.weights + j]};
            shard.arrivals[place - 1U].push_back({row.time, row.port, weight * row.release, row.gain});
        }
    }
    for (std::size_t i = 0; i < count; ++i) {
        auto& list = shard.arrivals[i];
        std::inplace_merge(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(noise[i]), list.end(),
                           earlier);
        shard.place[shard.flagged[i]] = 0;
    }
}

void LinearPopulation::rescale(Shard& shard, Time now) const {
    if (propagator_.fastest() * tau(shard, now) <= rescale_at) return;
    const Eigen::MatrixXd E = propagator_.exponential(tau(shard, now));
    const std::size_t count = shard.lift.size();
    std::vector<Vector> next(n_, Vector(count));
    for (std::size_t i = 0; i < n_; ++i) {
        for (std::size_t a = 0; a < count; ++a) next[i][a] = E(idx(i), idx(n_));
        for (std::size_t j = 0; j < n_; ++j) {
            if (!reads_[i][j]) continue;  // and zero times the minus infinity of a held membrane is not zero
            const double factor = E(idx(i), idx(j));
            for (std::size_t a = 0; a < count; ++a) next[i][a] += factor * shard.s[j][a];
        }
    }
    shard.s = std::move(next);
    shard.T0 = now;
    for (Group& group : shard.groups) {
        for (Train& train : group.trains) train.chunk = 0;
    }
}

std::size_t LinearPopulation::append_gain(Shard& shard, std::size_t p, Time time) const {
    const PortGain& port = ports_[p];
    std::array<double, most_functions> phi{};
    propagator_.evaluate(-tau(shard, time), phi);
    const std::size_t offset = shard.gains.size();
    for (const Vector& weights : port.weights) {
        double sum = 0.0;
        for (std::size_t j = 0; j < weights.size(); ++j) sum += weights[j] * phi[port.functions[j]];
        shard.gains.push_back(sum);
    }
    return offset;
}

namespace {

/// Adds a row of weights, each times a gain for each of the columns.
template <std::size_t columns, class WeightOf>
void add_row(std::span<const Table::Local> targets, std::span<double* const> s, const double* gains,
             const WeightOf& weight_of) {
    std::array<double*, columns> column;
    std::array<double, columns> gain;
    for (std::size_t c = 0; c < columns; ++c) {
        column[c] = s[c];
        gain[c] = gains[c];
    }
    for (std::size_t i = 0; i < targets.size(); ++i) {
        const double w = weight_of(i);
        for (std::size_t c = 0; c < columns; ++c) column[c][targets[i]] += w * gain[c];
    }
}

/// The same for a number of columns known only now: most models have one to three.
template <class WeightOf>
void add_row(std::size_t columns, std::span<const Table::Local> targets, std::span<double* const> s,
             const double* gains, const WeightOf& weight_of) {
    switch (columns) {
        case 1:
            return add_row<1>(targets, s, gains, weight_of);
        case 2:
            return add_row<2>(targets, s, gains, weight_of);
        case 3:
            return add_row<3>(targets, s, gains, weight_of);
        default:
            for (std::size_t c = 0; c < columns; ++c) {
                for (std::size_t i = 0; i < targets.size(); ++i) s[c][targets[i]] += weight_of(i) * gains[c];
            }
    }
}

}  // namespace

void LinearPopulation::deliver_row(std::size_t k, const Arrival& arrival) {
    Shard& shard = state_[k];
    Projection& p = projection(arrival);
    const Table::Row row = p.tables[k].row(arrival.source);
    if (row.targets.empty()) return;
    if (p.plastic()) p.learning[k]->arrive(arrival.source, arrival.time, arrival.kind);
    const PortGain& port = ports_[p.port];
    const std::size_t gain = append_gain(shard, p.port, arrival.time);
    const double uniform = p.tables[k].uniform_weight();
    shard.rows.push_back({arrival.time, row.targets, shard.weights.size(), row.weights.empty(), uniform,
                          arrival.release, p.port, gain});
    std::array<double*, most_functions> columns{};
    for (std::size_t c = 0; c < port.columns.size(); ++c) columns[c] = shard.s[port.columns[c]].data();
    double* const lifts = shard.lift.data();
    const double* const gains = shard.gains.data() + gain;
    const auto lift = [&](double w) { return w > 0.0 ? w * port.rise : -w * port.fall; };
    const double release = arrival.release;
    if (row.weights.empty()) {
        const double w = uniform * release;
        add_row(port.columns.size(), row.targets, columns, gains, [&](std::size_t) { return w; });
        if (const double common = lift(w); common != 0.0) {
            for (const Table::Local local : row.targets) lifts[local] += common;
        }
        return;
    }
    // Those of plastic synapses may change within the slice, and the replay needs them as they are now.
    shard.weights.insert(shard.weights.end(), row.weights.begin(), row.weights.end());
    const float* const weights = row.weights.data();
    add_row(port.columns.size(), row.targets, columns, gains,
            [&](std::size_t i) { return double{weights[i]} * release; });
    for (std::size_t i = 0; i < row.targets.size(); ++i)
        lifts[row.targets[i]] += lift(double{weights[i]} * release);
}

void LinearPopulation::deliver_noise(Shard& shard, Time end) const {
    for (std::size_t g = 0; g < shard.groups.size(); ++g) {
        while (!shard.groups[g].trains.empty()) {
            // The train with the earliest point goes first, as far as it stays the earliest.
            Train* first = nullptr;
            Time first_time = Time::max();
            Time until = end;
            for (Train& train : shard.groups[g].trains) {
                const Time time = train.points.next_time();
                if (time < first_time) {
                    until = std::min(until, first_time);
                    first_time = time;
                    first = &train;
                } else {
                    until = std::min(until, time);
                }
            }
            if (first_time >= end) break;
            refresh(shard, *first);
            const std::span<const Time> times = first->points.times();
            std::size_t count = 1;
            while (count < times.size() && times[count] < until) ++count;
            deliver_points(shard, *first, times.first(count), shard.points[g]);
            first->points.take(count);
        }
    }
}

void LinearPopulation::refresh(const Shard& shard, Train& train) const {
    if (train.chunk == train.points.chunks_drawn()) return;
    train.chunk = train.points.chunks_drawn();
    const std::span<const Time> times = train.points.times();
    const PortGain& port = ports_[train.points.noise().port];
    train.gains.assign(port.columns.size(), Vector(times.size()));
    Vector before(times.size());
    Vector phi(times.size());
    for (std::size_t i = 0; i < times.size(); ++i) before[i] = -tau(shard, times[i]);
    for (std::size_t j = 0; j < port.functions.size(); ++j) {
        propagator_.evaluate(port.functions[j], before, phi);
        for (std::size_t c = 0; c < port.columns.size(); ++c) {
            const double weight = port.weights[c][j];
            double* const gains = train.gains[c].data();
            for (std::size_t i = 0; i < times.size(); ++i) gains[i] += weight * phi[i];
        }
    }
}

void LinearPopulation::deliver_points(Shard& shard, const Train& train, std::span<const Time> times,
                                      std::vector<DeliveredPoint>& delivered) const {
    const std::span<const Table::Local> targets = train.points.targets();
    const Noise& noise = train.points.noise();
    const PortGain& port = ports_[noise.port];
    const std::size_t columns = port.columns.size();
    const std::size_t count = times.size();
    const std::size_t point = train.gains.front().size() - targets.size();
    const std::size_t base = shard.gains.size();
    shard.gains.resize(base + count * columns);
    for (std::size_t c = 0; c < columns; ++c) {
        double* const s = shard.s[port.columns[c]].data();
        const double* const gains = train.gains[c].data() + point;
        double* const kept = shard.gains.data() + base + c;
        for (std::size_t i = 0; i < count; ++i) {
            kept[i * columns] = gains[i];
            s[targets[i]] += noise.weight * gains[i];
        }
    }
    const double lift = noise.weight > 0.0 ? noise.weight * port.rise : -noise.weight * port.fall;
    for (std::size_t i = 0; i < count; ++i) {
        shard.lift[targets[i]] += lift;
        delivered.push_back(
            {times[i], targets[i], static_cast<std::uint32_t>(noise.port), noise.weight, base + i * columns});
    }
}

LinearPopulation::SliceBound LinearPopulation::bound(const Shard& shard, const Window& slice) const {
    // The readout of V_m - V_th at tau is sum_k C_k(tau) s_k, with C_k = sum_j readout_jk phi_j. Between the
    // slice's ends a coefficient leaves its chord by at most width^2/8 times its largest second derivative.
    const double from = tau(shard, slice.begin);
    const double to = tau(shard, slice.end);
    const std::size_t m = propagator_.functions();
    std::array<double, most_functions> begin{};
    std::array<double, most_functions> end{};
    std::array<double, most_functions> low{};
    std::array<double, most_functions> high{};
    propagator_.evaluate(from, begin);
    propagator_.evaluate(to, end);
    propagator_.bounds(from, to, low, high);
    SliceBound b{Vector(n_ + 1), Vector(n_ + 1), Vector(n_ + 1)};
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
        b.begin[k] = a;
        b.end[k] = z;
        b.pad[k] = pad;
    }
    return b;
}

void LinearPopulation::replay(std::size_t k, Table::Local local, std::span<const Replayed> arrivals,
                              const Window& slice) {
    Shard& shard = state_[k];
    Vector s(n_);
    for (std::size_t v = 0; v < n_; ++v) s[v] = shard.start[v][local];
    const Time release_before = shard.release[local];
    const std::size_t spikes_before = blocks_[k].spikes.size();

    Time now = slice.begin;
    Functions phi{};
    propagator_.evaluate(tau(shard, now), phi);
    for (const Replayed& arrival : arrivals) {
        advance(k, local, s, now, arrival.time, phi);
        now = arrival.time;
        const PortGain& port = ports_[arrival.port];
        for (std::size_t c = 0; c < port.columns.size(); ++c)
            s[port.columns[c]] += arrival.weight * shard.gains[arrival.gain + c];
    }
    advance(k, local, s, now, slice.end, phi);
    const bool quiet = blocks_[k].spikes.size() == spikes_before && shard.release[local] == release_before;
    if (quiet && !replay_all_) return;
    for (std::size_t v = 0; v < n_; ++v) shard.s[v][local] = s[v];
}

void LinearPopulation::advance(std::size_t k, Table::Local local, Vector& s, Time from, Time end,
                               Functions& phi) {
    Shard& shard = state_[k];
    const std::size_t m = propagator_.functions();
    while (true) {
        if (shard.release[local] != Time::max()) {
            // A release precedes the arrivals of its tick; one at the slice's end is the next slice's.
            if (shard.release[local] > end) break;
            from = shard.release[local];
            free(shard, local, s, from);
            propagator_.evaluate(tau(shard, from), phi);
        }
        // f = V_m - V_th as a sum of functions, and the most by which it can leave its chord.
        Functions coefficients{};
        double now = 0.0;
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
            curvature += std::abs(second) * shard.peak[j];
        }
        if (now < 0.0) {
            propagator_.evaluate(tau(shard, end), phi);
            double then = 0.0;
            for (std::size_t j = 0; j < m; ++j) then += coefficients[j] * phi[j];
            const double width = ms(end - from);
            // And a hair for rounding.
            if (std::max(now, then) * (1.0 - 1e-9) + width * width / 8 * curvature < 0.0) return;
            const auto crossing =
                first_crossing(propagator_, {coefficients.data(), m}, tau(shard, from), tau(shard, end));
            if (!crossing) return;
            from = std::clamp(shard.T0 + ticks_up(*crossing), from, end);
        }
        emit(k, local, from, SpikeKind::event, no_mark);
        spike(shard, local, s, from);
        propagator_.evaluate(tau(shard, from), phi);
    }
    propagator_.evaluate(tau(shard, end), phi);
}

LinearPopulation::Vector LinearPopulation::at(const Shard& shard, const Vector& s, Time time) const {
    const Eigen::MatrixXd E = propagator_.exponential(tau(shard, time));
    Vector y(n_ + 1, 1.0);
    for (std::size_t i = 0; i < n_; ++i) {
        y[i] = E(idx(i), idx(n_));
        for (std::size_t j = 0; j < n_; ++j) {
            if (reads_[i][j]) y[i] += E(idx(i), idx(j)) * s[j];
        }
    }
    return y;
}

void LinearPopulation::spike(Shard& shard, Table::Local local, Vector& s, Time time) const {
    Vector y = at(shard, s, time);
    for (std::size_t i = 0; i < n_; ++i) y[i] += dynamics_.jump[idx(i)];
    y[membrane_] = dynamics_.V_reset;
    const Eigen::MatrixXd back = propagator_.exponential(-tau(shard, time));
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

void LinearPopulation::free(Shard& shard, Table::Local local, Vector& s, Time time) const {
    shard.release[local] = Time::max();
    Vector y = at(shard, s, time);
    y[membrane_] = dynamics_.V_reset;
    for (const std::size_t d : dependent_) {
        y[d] = held_over_(idx(d), idx(n_)) + held_over_(idx(d), idx(membrane_)) * dynamics_.V_reset;
        for (std::size_t e = 0; e < dependent_.size(); ++e) {
            y[d] += held_over_(idx(d), idx(dependent_[e])) * shard.held[e][local];
        }
    }
    const Eigen::MatrixXd back = propagator_.exponential(-tau(shard, time));
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
        const Eigen::MatrixXd E = held_.exponential(ms(now - (shard.release[local] - t_ref_)));
        double y = E(idx(v), idx(n_)) + E(idx(v), idx(membrane_)) * dynamics_.V_reset;
        for (std::size_t e = 0; e < dependent_.size(); ++e)
            y += E(idx(v), idx(dependent_[e])) * shard.held[e][local];
        return y;
    }
    Vector s(n_);
    for (std::size_t j = 0; j < n_; ++j) s[j] = shard.s[j][local];
    return at(shard, s, now)[v];
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
    if (is_held && (v == membrane_ || reads_[v][membrane_])) return;  // it is given at the release
    rescale(shard, now);
    const double change = value - sample(neuron, variable, now);
    const Eigen::MatrixXd back = propagator_.exponential(-tau(shard, now));
    for (std::size_t i = 0; i < n_; ++i) {
        if (reads_[i][v]) shard.s[i][local] += back(idx(i), idx(v)) * change;
    }
}

void LinearPopulation::Shard::persist(Archive& archive) {
    archive("T0", T0);
    for (std::size_t v = 0; v < s.size(); ++v) archive("s_" + std::to_string(v), std::span(s[v]));
    for (std::size_t d = 0; d < held.size(); ++d) archive("held_" + std::to_string(d), std::span(held[d]));
    archive("release", std::span(release));
    archive.each("groups", groups);
}

void LinearPopulation::Train::persist(Archive& archive) {
    archive("points", points);
    archive("chunk", chunk);
    std::uint64_t columns = gains.size();
    archive("columns", columns);
    gains.resize(columns);
    for (std::size_t c = 0; c < columns; ++c) archive("gains_" + std::to_string(c), gains[c]);
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
