// client_files write FOLDER      writes one of each file, with known content, for check_files.py
// client_files describe FILE     what `describe` says; exit code 3 or 4 for a DataError or IoError

#include <cstdio>
#include <string>
#include <string_view>

#include <unistd.h>

#include "core/error.hpp"
#include "recorders/inspect.hpp"
#include "recorders/spikes.hpp"
#include "recorders/traces.hpp"
#include "recorders/weights.hpp"

namespace {

using namespace apical;

const std::string run_id = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";
const std::vector<RecordedPopulation> populations{{"pyr", 100}, {"silent", 3}, {std::string(64, 'p'), 1}};

/// 90000 spikes of `pyr`, one each 2^-30 ms * 1000003: more than a chunk, and no round numbers. Kinds take
/// turns.
void record_spikes(Recorder& recorder, Time until) {
    const Duration gap{1000003};
    for (Window window{Time{}, Time{} + ticks(1.0)}; window.begin < until;
         window = {window.end, window.end + ticks(1.0)}) {
        std::vector<Spike> spikes;
        const auto first = (window.begin.time_since_epoch() + gap - Duration{1}) / gap;
        for (auto i = first; Time{} + i * gap < window.end && i < 90000; ++i) {
            spikes.push_back(
                {Time{} + i * gap, 0, static_cast<Index>(i % 100), static_cast<SpikeKind>(i % 3)});
        }
        recorder.observe(window, spikes);
    }
}

void write(const std::string& folder) {
    const Time end = Time{} + ticks(100.0);
    SpikeRecorder spikes(folder, populations, run_id);
    record_spikes(spikes, end);
    spikes.finish(end);

    TraceRecorder traces(folder, populations, run_id, 20.0);
    record_spikes(traces, end);
    traces.finish(end);

    WeightRecorder weights(folder, run_id);
    weights.snapshot({"in_to_hid_W", "mV", end, 2, 800},
                     DenseWeights<double>{2, 3, std::vector<double>{1, 2, 3, 4, 5, 6}});
    weights.snapshot(
        {"hid_to_in_Y", "pA", end, 2, 800},
        SparseWeights<float>{2, 5, std::vector<std::uint64_t>{0, 2, 3}, std::vector<std::uint32_t>{0, 4, 1},
                             std::vector<float>{0.5F, 1.5F, -2.5F}});
    weights.finish();
}

/// Ends like a process that was killed: nothing is closed.
[[noreturn]] void write_and_die(const std::string& folder) {
    SpikeRecorder spikes(folder, populations, run_id);
    record_spikes(spikes, Time{} + ticks(50.0));
    spikes.flush();
    spikes.observe({Time{} + ticks(50.0), Time{} + ticks(51.0)},
                   std::vector<Spike>{{Time{} + ticks(50.5), 0, 0}});
    ::_exit(0);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) return 2;
    const std::string_view verb = argv[1];
    try {
        if (verb == "write") write(argv[2]);
        if (verb == "write-and-die") write_and_die(argv[2]);
        if (verb == "describe") std::fputs(describe(argv[2]).c_str(), stdout);
    } catch (const DataError& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 3;
    } catch (const IoError& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 4;
    }
    return 0;
}
