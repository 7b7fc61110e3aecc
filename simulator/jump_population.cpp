#include "simulator/jump_population.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <string>

#include "core/error.hpp"
#include "core/simd.hpp"

namespace apical {
namespace {

constexpr double parked = -std::numeric_limits<double>::infinity();
/// T0 moves up before the scale has grown to e^4.
constexpr double largest_exponent = 4.0;
constexpr double longest_epoch = 1e9;  // [ms]
/// exp(-this) times the largest double is zero.
constexpr double from_largest_to_zero = 1500.0;

/// Multiplies numbers by a factor some times.
[[gnu::always_inline]] inline void multiply_loop(double* s, double factor, Clock::rep times, std::size_t n) {
    constexpr std::size_t in_cache = 1024;
    for (std::size_t begin = 0; begin < n; begin += in_cache) {
        const std::size_t end = std::min(begin + in_cache, n);
        for (Clock::rep t = 0; t < times; ++t) {
            for (std::size_t i = begin; i < end; ++i) s[i] *= factor;
        }
    }
}
APICAL_WIDEST(, void, multiply, (double* s, double factor, Clock::rep times, std::size_t n),
              (s, factor, times, n))

}  // namespace

bool JumpPopulation::supports(const LinearDynamics& d, std::span<const bool> ports_used,
                              std::span<const double> initial) {
    const auto n = d.A.rows();
    const auto V = d.membrane;
    if (!d.jump.isZero() || d.readout != Eigen::VectorXd(Eigen::VectorXd::Unit(n, V)) || d.A(V, V) >= 0.0)
        return false;
    for (Eigen::Index k = 0; k < n; ++k) {
        if (k == V) continue;
        if (d.u[k] != 0.0 || d.A(k, V) != 0.0) return false;
        for (std::size_t p = 0; p < ports_used.size(); ++p) {
            if (ports_used[p] && d.gains(k, static_cast<Eigen::Index>(p)) != 0.0) return false;
        }
        const auto width = static_cast<std::size_t>(n) + 1;
        for (auto i = static_cast<std::size_t>(k); i < initial.size(); i += width) {
            if (initial[i] != 0.0) return false;
        }
    }
    // No drift may come to where an arrival reaches the threshold.
    return -d.u[V] / d.A(V, V) < d.threshold - 2.0 * d.margins().arrival;
}

JumpPopulation::JumpPopulation(PopulationSetup setup, const LinearDynamics& d,
                               std::vector<std::string_view> variables, std::vector<double> initial)
    : Population(std::move(setup)),
      variables_(std::move(variables)),
      initial_(std::move(initial)),
      rate_(-d.A(d.membrane, d.membrane)),
      V_inf_(d.u[d.membrane] / rate_),
      V_reset_(d.V_reset),
      threshold_(d.threshold - d.margins().arrival - V_inf_),
      t_ref_(ticks(d.t_ref)),
      membrane_(static_cast<std::size_t>(d.membrane)),
      gains_(d.gains.row(d.membrane)) {
    require_time_constant(1.0 / rate_);
    epoch_ = Duration{static_cast<Clock::rep>(std::bit_floor(
        static_cast<std::uint64_t>(ticks(std::min(largest_exponent / rate_, longest_epoch)).count())))};
    for (std::size_t k = 0; k < shards(); ++k) {
        Shard shard;
        const Index size = last(k) - first(k);
        shard.s.resize(size);
        shard.groups.resize(size / noise_band() + 2);
        for (NoiseGroup& noise :
             noise_groups(this->setup().seed, name(), this->setup().noise, this->size(), first(k), last(k))) {
            const Index band = noise.trains.front().band();
            for (NoiseBand& train : noise.trains) {
                shard.groups[band - first(k) / noise_band()].trains.push_back({std::move(train), {}, {}, 0});
            }
        }
        state_.push_back(std::move(shard));
        start(k, Time{});
    }
}

void JumpPopulation::start(std::size_t k, Time now) {
    Shard& shard = state_[k];
    shard.T0 = now - now.time_since_epoch() % epoch_;
    const double E = scale(shard, now);
    shard.raised.clear();
    for (Group& group : shard.groups) {
        group.releases.clear();
        group.next_release = 0;
        for (Train& train : group.trains) train.chunk = 0;
    }
    const std::size_t width = variables_.size();
    for (Index i = 0; i < shard.s.size(); ++i) {
        const double* x = initial_.data() + (first(k) + std::size_t{i}) * width;
        shard.s[i] = (x[membrane_] - V_inf_) * E;
        if (x[membrane_] - V_inf_ >= threshold_) shard.raised.push_back(static_cast<Table::Local>(i));
        if (const double refractory = x[width - 1]; refractory > 0.0) {
            shard.s[i] = parked;
            queue(group_of(k, static_cast<Table::Local>(i)),
                  {now + ticks(refractory), static_cast<Table::Local>(i)});
        }
    }
}

void JumpPopulation::queue(Group& group, const Release& release) {
    // At the end, but for neurons that started with a longer refractoriness than t_ref.
    const auto later = [](const Release& a, const Release& b) { return a.time < b.time; };
    group.releases.insert(std::upper_bound(group.releases.begin(), group.releases.end(), release, later),
                          release);
}

void JumpPopulation::restart(Time now) {
    for (std::size_t k = 0; k < shards(); ++k) start(k, now);
}

JumpPopulation::Group& JumpPopulation::group_of(std::size_t k, Table::Local local) {
    return state_[k].groups[(first(k) + local) / noise_band() - first(k) / noise_band()];
}

void JumpPopulation::integrate(std::size_t k, const Window& window, std::span<const Arrival> arrivals) {
    Shard& shard = state_[k];
    double* const s = shard.s.data();
    for (const Table::Local local : shard.raised) {
        const double E = scale(shard, window.begin);
        if (s[local] >= threshold_ * E) fire(k, local, window.begin, E);
    }
    shard.raised.clear();
    for (std::size_t a = 0; a < arrivals.size(); ++a) {
        const Arrival& arrival = arrivals[a];
        prefetch_after(k, arrivals, a);
        Projection& p = projection(arrival);
        const Table::Row row = p.tables[k].row(arrival.source);
        if (row.targets.empty()) continue;
        drain(k, arrival.time + Duration{1});
        p.arrive(k, arrival);
        if (arrival.release == 0.0)
            continue;  // it came for the rule, or for synapses with states of their own
        const double E = scale(shard, arrival.time);
        const double step = arrival.release * gains_[static_cast<Eigen::Index>(p.port)] * E;
        const double top = threshold_ * E;
        const auto hit = [&](Table::Local local, double jump) {
            if ((s[local] += jump) >= top) [[unlikely]]
                fire(k, local, arrival.time, E);
        };
        if (row.weights.empty()) {
            const double jump = p.tables[k].uniform_weight() * step;
#pragma GCC unroll 4
            for (const Table::Local local : row.targets) hit(local, jump);
        } else {
            for (std::size_t i = 0; i < row.targets.size(); ++i)
                hit(row.targets[i], double{row.weights[i]} * step);
        }
    }
    drain(k, window.end);
}

Time JumpPopulation::next_time(Shard& shard) {
    Time next = Time::max();
    for (Group& group : shard.groups) {
        next = std::min(next, group.release_time());
        for (Train& train : group.trains) next = std::min(next, train.points.next_time());
    }
    return next;
}

Time JumpPopulation::quiet_until(std::size_t k, const Window& next) {
    return state_[k].raised.empty() ? next_time(state_[k]) : next.begin;
}

void JumpPopulation::drain(std::size_t k, Time end) {
    Shard& shard = state_[k];
    while (end > shard.T0 + epoch_) {
        for (Group& group : shard.groups) drain(k, group, shard.T0 + epoch_);
        // Epochs in which nothing happens are taken at once, and with the same bits.
        const auto epochs = (std::min(end - Duration{1}, next_time(shard)) - shard.T0) / epoch_;
        const double factor = exp(-rate_ * ms(epoch_));
        const auto until_zero = static_cast<Clock::rep>(from_largest_to_zero / (rate_ * ms(epoch_))) + 1;
        const auto times = std::min(epochs, until_zero);
        multiply(shard.s.data(), factor, times, shard.s.size());
        shard.T0 += epochs * epoch_;
        for (Group& group : shard.groups) {
            for (Train& train : group.trains) train.chunk = 0;
        }
    }
    for (Group& group : shard.groups) drain(k, group, end);
}

void JumpPopulation::drain(std::size_t k, Group& group, Time end) {
    Shard& shard = state_[k];
    while (true) {
        const Time stop = drain_noise(k, group, std::min(end, group.release_time()));
        if (group.release_time() > stop || stop >= end) break;
        const Release release = group.releases[group.next_release++];
        shard.s[release.local] = (V_reset_ - V_inf_) * scale(shard, release.time);
        if (group.next_release == group.releases.size()) {
            group.releases.clear();
            group.next_release = 0;
        }
    }
}

Time JumpPopulation::drain_noise(std::size_t k, Group& group, Time end) {
    Shard& shard = state_[k];
    double* const s = shard.s.data();
    while (!group.trains.empty()) {
        // The train with the earliest point goes first, as far as it stays the earliest.
        Train* first = nullptr;
        Time first_time = Time::max();
        Time until = end;
        for (Train& train : group.trains) {
            const Time time = train.points.next_time();
            if (time < first_time) {
                until = std::min(until, first_time);
                first_time = time;
                first = &train;
            } else {
                until = std::min(until, time);
            }
        }
        if (first_time >= end) return end;
        refresh(shard, *first);
        const std::span<const Time> times = first->points.times();
        const std::span<const Table::Local> targets = first->points.targets();
        const std::size_t taken = first->scale.size() - times.size();
        const double* const scales = first->scale.data() + taken;
        const double* const jumps = first->jump.data() + taken;
        std::size_t i = 0;
        do {
            const double E = scales[i];
            double& potential = s[targets[i]];
            potential += jumps[i];
            if (potential >= threshold_ * E) [[unlikely]] {
                fire(k, targets[i], times[i], E);
                end = std::min(end, group.release_time());
                until = std::min(until, end);
            }
            ++i;
        } while (i < times.size() && times[i] < until);
        first->points.take(i);
    }
    return end;
}

void JumpPopulation::refresh(const Shard& shard, Train& train) const {
    const std::span<const Time> times = train.points.times();
    if (train.chunk != train.points.chunks_drawn()) {
        train.chunk = train.points.chunks_drawn();
        train.scale.resize(times.size());
        exp(rate_, shard.T0, times, train.scale);
        train.jump.clear();
    }
    if (train.jump.size() == train.scale.size()) return;
    const Noise& noise = train.points.noise();
    const double step = noise.weight * gains_[static_cast<Eigen::Index>(noise.port)];
    const std::size_t taken = train.scale.size() - times.size();
    train.jump.resize(train.scale.size());
    double* const jumps = train.jump.data() + taken;
    const double* const scales = train.scale.data() + taken;
    for (std::size_t i = 0; i < times.size(); ++i) jumps[i] = step * scales[i];
    if (!noise.counted) return;
    for (std::size_t i = 0; i < times.size(); ++i) jumps[i] *= train.points.points(i);
}

void JumpPopulation::Shard::persist(Archive& archive) {
    archive("T0", T0);
    archive("s", std::span(s));
    archive("raised", raised);
    archive.each("groups", groups);
}

void JumpPopulation::Group::persist(Archive& archive) {
    archive.queue("releases", releases, next_release, "time", &Release::time, "neuron", &Release::local);
    archive.each("trains", trains);
}

void JumpPopulation::Train::persist(Archive& archive) {
    // The scale too: its bits depend on where in the chunk T0 moved.
    archive("points", points);
    archive("scale", scale);
    jump.clear();  // follows from the others
    archive("chunk", chunk);
}

void JumpPopulation::fire(std::size_t k, Table::Local local, Time time, double E) {
    emit(k, local, time, SpikeKind::event, no_mark);
    if (t_ref_ == Duration::zero()) {
        state_[k].s[local] = (V_reset_ - V_inf_) * E;
        return;
    }
    state_[k].s[local] = parked;
    queue(group_of(k, local), {time + t_ref_, local});
}

double JumpPopulation::sample(Index neuron, std::size_t variable, Time now) const {
    const std::size_t k = shard_of(neuron);
    const double s = state_[k].s[neuron - first(k)];
    if (variable == membrane_) return s == parked ? V_reset_ : V_inf_ + s / scale(state_[k], now);
    if (variable + 1 < variables_.size() || s != parked) return 0.0;
    for (const Group& group : state_[k].groups) {
        for (const Release& release : group.releases) {
            if (release.local == neuron - first(k) && release.time > now) return ms(release.time - now);
        }
    }
    return 0.0;
}

void JumpPopulation::check_numbers(Time now) const {
    for (std::size_t k = 0; k < shards(); ++k) {
        const std::vector<double>& s = state_[k].s;
        if (std::all_of(s.begin(), s.end(), [](double x) { return std::isfinite(x); })) continue;
        std::vector<bool> held(s.size(), false);
        for (const Group& group : state_[k].groups) {
            for (std::size_t i = group.next_release; i < group.releases.size(); ++i)
                held[group.releases[i].local] = true;
        }
        for (Index local = 0; local < s.size(); ++local) {
            if (!std::isfinite(s[local]) && !held[local])
                not_finite(first(k) + local, variables_[membrane_], s[local], now);
        }
    }
}

void JumpPopulation::set(Index neuron, std::size_t variable, double value, Time now) {
    if (variable != membrane_) {
        throw ModelError(name() + ": " + std::string(variables_[variable]) +
                         " is not in use here and cannot be set");
    }
    const std::size_t k = shard_of(neuron);
    if (now > state_[k].T0 + epoch_) drain(k, now);  // after a silence T0 may lie far back
    double& s = state_[k].s[neuron - first(k)];
    if (s == parked) return;
    s = (value - V_inf_) * scale(state_[k], now);
    if (value - V_inf_ >= threshold_)
        state_[k].raised.push_back(static_cast<Table::Local>(neuron - first(k)));
}

}  // namespace apical
