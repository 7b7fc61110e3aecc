#include "simulator/classification.hpp"

#include <utility>

#include "core/exp.hpp"
#include "core/rounding.hpp"

namespace apical {

Classification::Classification(Classifier classifier, Duration b_th, Index neurons)
    : classifier_(classifier), b_th_(b_th) {
    const bool compares = classifier == Classifier::isi || classifier == Classifier::trace;
    last_spike_.assign(compares ? neurons : 0, never);
    in_burst_.assign(last_spike_.size(), false);
    trace_.assign(classifier == Classifier::trace ? neurons : 0, 0.0);
}

SpikeKind Classification::operator()(Index neuron, Time time, SpikeKind says) {
    if (classifier_ == Classifier::every) return SpikeKind::event;
    if (classifier_ == Classifier::model) return says;
    const Time last = std::exchange(last_spike_[neuron], time);
    const bool running = continues_burst(neuron, time - last) && last != never;
    const bool second = running && !in_burst_[neuron];
    in_burst_[neuron] = running;
    if (!running) return SpikeKind::event;
    return second ? SpikeKind::burst : SpikeKind::further;
}

void Classification::reset() {
    last_spike_.assign(last_spike_.size(), never);
    in_burst_.assign(in_burst_.size(), false);
    trace_.assign(trace_.size(), 0.0);
}

void Classification::persist(Archive& archive) {
    archive("last_spike", std::span(last_spike_));
    archive("in_burst", in_burst_);
    archive("trace", std::span(trace_));
}

bool Classification::continues_burst(Index neuron, Duration interval) {
    if (classifier_ == Classifier::isi) return within(interval, b_th_);
    double& trace = trace_[neuron];
    trace *= exp(-ms(interval) / ms(b_th_));
    // What the trace of one spike has come to after b_th.
    const bool running = trace >= exp(-ms(b_th_ + rounding) / ms(b_th_));
    trace += 1.0;
    return running;
}

}  // namespace apical
