#include "simulator/linear_noise.hpp"

#include <algorithm>
#include <bit>
#include <numeric>

namespace apical {
namespace {

constexpr std::size_t hits_together = 256;

}  // namespace

LinearNoise::LinearNoise(std::vector<NoiseGroup> groups, Duration piece, std::size_t stride)
    : groups_(std::move(groups)),
      piece_shift_(static_cast<int>(std::bit_width(static_cast<std::uint64_t>(piece.count()))) - 1),
      stride_(stride),
      order_(hits_together) {
    std::iota(order_.begin(), order_.end(), Table::Local{0});
    if (groups_.empty()) return;
    const std::vector<NoiseBand>& trains = groups_.front().trains;
    series_.resize(trains.size());
    counted_ = std::any_of(trains.begin(), trains.end(),
                           [](const NoiseBand& train) { return train.noise().counted; });
}

Time LinearNoise::next_time() {
    Time next = Time::max();
    for (NoiseGroup& group : groups_) {
        for (NoiseBand& train : group.trains) next = std::min(next, train.next_time());
    }
    return next;
}

void LinearNoise::deliver(const Propagator& propagator, std::span<const LinearGain> gains, Time T0,
                          const Window& slice, double* cells) {
    delivered_.clear();
    times_.clear();
    targets_.clear();
    counts_.clear();
    for (Cells& series : series_) series.clear();
    // Pieces follow from T0, not from the points at hand: a sum has the same bits in every division into
    // shards.
    first_piece_ = T0 + Duration{(slice.begin - T0).count() >> piece_shift_ << piece_shift_};
    for (NoiseGroup& group : groups_) {
        for (std::size_t kind = 0; kind < group.trains.size(); ++kind) {
            NoiseBand& train = group.trains[kind];
            const std::size_t begin = times_.size();
            while (train.next_time() < slice.end) {
                const Noise& noise = train.noise();
                if (series_[kind].empty()) make_series(propagator, gains[noise.port], noise, T0, slice, kind);
                const auto all = train.times();
                const auto times = all.first(static_cast<std::size_t>(
                    std::lower_bound(all.begin(), all.end(), slice.end) - all.begin()));
                const auto targets = train.targets().first(times.size());
                times_.insert(times_.end(), times.begin(), times.end());
                targets_.insert(targets_.end(), targets.begin(), targets.end());
                const double* counts = nullptr;
                if (counted_) {
                    for (std::size_t i = 0; i < times.size(); ++i) counts_.push_back(train.points(i));
                    counts = counts_.data() + counts_.size() - times.size();
                }
                add_series(stride_, pieces(kind), times, targets, counts, cells);
                train.take(times.size());
            }
            const Noise& noise = train.noise();
            if (times_.size() > begin)
                delivered_.push_back({kind, begin, times_.size(), gains[noise.port].raises(noise.weight)});
        }
    }
}

void LinearNoise::make_series(const Propagator& propagator, const LinearGain& gain, const Noise& noise,
                              Time T0, const Window& slice, std::size_t kind) {
    const Duration piece{Clock::rep{1} << piece_shift_};
    const std::size_t length = (series_degree + 1) * stride_;
    Cells& series = series_[kind];
    for (Time begin = first_piece_; begin < slice.end; begin += piece) {
        series.resize(series.size() + length);
        gain.series(propagator, noise.weight, -ms(begin + piece / 2 - T0),
                    series.data() + series.size() - length);
    }
}

const LinearNoise::Hits& LinearNoise::find(std::span<const std::uint8_t> marks) {
    hits_.times.clear();
    hits_.targets.clear();
    hits_.jumps.clear();
    hits_.counts.clear();
    hits_.raises.clear();
    for (const Delivered& run : delivered_) {
        const std::size_t before = hits_.times.size();
        for_each_marked(std::span(targets_).subspan(run.begin, run.end - run.begin), marks,
                        [&](std::size_t i) {
                            hits_.times.push_back(times_[run.begin + i]);
                            hits_.targets.push_back(targets_[run.begin + i]);
                            if (counted_) hits_.counts.push_back(counts_[run.begin + i]);
                        });
        hits_.jumps.resize(stride_ * hits_.times.size());
        hits_.raises.resize(hits_.times.size(), run.raises);
        for (std::size_t h = before; h < hits_.times.size(); h += hits_together) {
            const auto times =
                std::span(hits_.times).subspan(h, std::min(hits_together, hits_.times.size() - h));
            add_series(stride_, pieces(run.kind), times, std::span(order_).first(times.size()),
                       counted_ ? &hits_.counts[h] : nullptr, hits_.jumps.data() + stride_ * h);
        }
    }
    return hits_;
}

}  // namespace apical
