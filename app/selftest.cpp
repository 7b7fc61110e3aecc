#include <array>
#include <cmath>
#include <string_view>

#include <fmt/format.h>

#include "app/options.hpp"
#include "app/verbs.hpp"
#include "core/exp.hpp"
#include "core/random.hpp"
#include "synapses/tsodyks_markram.hpp"

namespace apical {

namespace {

/// Releases for spikes at 10 20 30 40 140 150 160 500 ms.
struct Golden {
    std::string_view what;
    TsodyksMarkram model;
    std::array<double, 8> release;
};

bool releases_agree(const Golden& golden) {
    constexpr std::array times{10.0, 20.0, 30.0, 40.0, 140.0, 150.0, 160.0, 500.0};
    TsodyksMarkram::State state = golden.model.initial();
    double last = 0.0;
    for (std::size_t i = 0; i < times.size(); ++i) {
        const double released = golden.model.release(state, times[i] - last);
        if (!(std::abs(released - golden.release[i]) <= 1e-6)) return false;
        last = times[i];
    }
    return true;
}

bool synapses_agree() {
    using Variant = TsodyksMarkram::Variant;
    const std::array golden{
        Golden{"tm",
               {.variant = Variant::tm, .U = 0.5, .tau_rec = 100.0, .tau_fac = 50.0},
               {0.5, 0.385871, 0.190404, 0.116325, 0.356376, 0.256804, 0.145369, 0.484358}},
        Golden{"tm3",
               {.variant = Variant::tm3, .U = 0.5, .tau_rec = 100.0, .tau_fac = 50.0, .tau_psc = 3.0},
               {0.5, 0.3764, 0.179216, 0.109816, 0.355351, 0.249315, 0.137725, 0.48425}},
        Golden{"mongillo",
               {.variant = Variant::mongillo, .U = 0.5, .tau_rec = 100.0, .tau_fac = 50.0},
               {0.75, 0.273919, 0.123494, 0.098775, 0.494435, 0.192563, 0.110251, 0.725495}},
        Golden{"etm",
               {.variant = Variant::etm, .U = 0.02, .f = 0.1, .tau_rec = 100.0, .tau_fac = 100.0},
               {0.02, 0.106707, 0.160459, 0.180399, 0.108523, 0.149808, 0.16365, 0.029748}},
    };
    bool good = true;
    for (const Golden& g : golden) good = good && releases_agree(g);
    return good;
}

/// The published vector of Philox4x32-10 for a counter and key of zeros.
bool random_numbers_agree() {
    const RandomWords words = random_words(StreamKey(), 0);
    return words.first == 0xe169c58d6627e8d5U && words.second == 0x9b00dbd8bc57ac4cU;
}

bool exponential_agrees() {
    bool good = true;
    for (double x = -700.0; x < 700.0; x += 0.37) good = good && std::abs(exp(x) / std::exp(x) - 1.0) < 4e-16;
    return good;
}

struct Test {
    std::string_view what;
    bool (*passes)();
};
constexpr auto tests = std::to_array<Test>({
    {"random numbers are those of Philox4x32-10", random_numbers_agree},
    {"the exponential is right to the last digit", exponential_agrees},
    {"short-term plasticity gives the golden values", synapses_agree},
});

}  // namespace

int selftest_verb(const Arguments& arguments) {
    VerbOptions options("apical selftest", "Checks that this installation computes the golden values.",
                        "apical selftest");
    if (!options.parse(arguments)) return 0;
    bool good = true;
    for (const Test& test : tests) {
        const bool passed = test.passes();
        fmt::print("{:<6}{}\n", passed ? "ok" : "WRONG", test.what);
        good = good && passed;
    }
    return good ? 0 : 1;
}

}  // namespace apical
