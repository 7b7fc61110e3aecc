#include "synapses/tsodyks_markram.hpp"

#include <cmath>
#include <ostream>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/random.hpp"

namespace apical {
namespace {

using Variant = TsodyksMarkram::Variant;
using Releases = std::vector<double>;

constexpr double hour = 3.6e6;  // [ms]
const double none = std::nan("");
const std::vector<double> spike_times{10.0, 20.0, 30.0, 40.0, 140.0, 150.0, 160.0, 500.0};  // [ms]

Releases release_all(const TsodyksMarkram& synapse, const std::vector<double>& times) {
    Releases releases;
    auto state = synapse.initial();
    double last = -hour;
    for (const double t : times) {
        releases.push_back(synapse.release(state, t - last));
        last = t;
    }
    return releases;
}

/// The same by the recursions of the papers and of NEST, which keep other variables: u and x just before a
/// spike, a u that falls to zero and jumps first, x summed up instead of being what y and z leave.
Releases recursion(const TsodyksMarkram& s, const std::vector<double>& times) {
    Releases releases;
    const bool falls_to_zero = s.variant == Variant::tm3;
    const double f = std::isnan(s.f) ? s.U : s.f;
    double u = falls_to_zero ? 0.0 : s.U;
    double x = 1.0, y = 0.0;
    double last = -hour;
    for (const double t : times) {
        const double h = t - last;
        last = t;
        const double Puu = s.tau_fac == 0.0 ? 0.0 : std::exp(-h / s.tau_fac);
        const double Pzz = std::exp(-h / s.tau_rec);
        if (falls_to_zero) {
            const double Pyy = std::exp(-h / s.tau_psc);
            const double Pxy = ((Pzz - 1.0) * s.tau_rec - (Pyy - 1.0) * s.tau_psc) / (s.tau_psc - s.tau_rec);
            const double z = 1.0 - x - y;
            u *= Puu;
            x += Pxy * y + (1.0 - Pzz) * z;
            y *= Pyy;
            u += s.U * (1.0 - u);
            releases.push_back(u * x);
            x -= releases.back();
            y += releases.back();
            continue;
        }
        const double r = releases.empty() ? 0.0 : releases.back();
        x = 1.0 + (x - r - 1.0) * Pzz;
        if (!releases.empty()) {
            u = s.variant == Variant::etm ? s.U + (u + f * (1.0 - u) - s.U) * Puu
                                          : s.U + u * (1.0 - s.U) * Puu;
        }
        releases.push_back((s.variant == Variant::mongillo ? u + s.U * (1.0 - u) : u) * x);
    }
    return releases;
}

struct Golden {
    TsodyksMarkram synapse;
    Releases releases;
    friend std::ostream& operator<<(std::ostream& out, const Golden& row) {
        return out << TsodyksMarkram::variants[static_cast<std::size_t>(row.synapse.variant)] << ", U "
                   << row.synapse.U;
    }
};

class GoldenTable : public testing::TestWithParam<Golden> {};

TEST_P(GoldenTable, IsReproduced) {
    const auto& [synapse, golden] = GetParam();
    EXPECT_THAT(release_all(synapse, spike_times), testing::Pointwise(testing::DoubleNear(1e-6), golden));
    EXPECT_THAT(release_all(synapse, spike_times),
                testing::Pointwise(testing::DoubleNear(1e-12), recursion(synapse, spike_times)));
}

INSTANTIATE_TEST_SUITE_P(
    TsodyksMarkram, GoldenTable,
    testing::Values(Golden{{Variant::tm, 0.5, none, 100.0, 50.0},
                           {0.5, 0.385871, 0.190404, 0.116325, 0.356376, 0.256804, 0.145369, 0.484358}},
                    Golden{{Variant::tm3, 0.5, none, 100.0, 50.0, 3.0},
                           {0.5, 0.3764, 0.179216, 0.109816, 0.355351, 0.249315, 0.137725, 0.48425}},
                    Golden{{Variant::mongillo, 0.5, none, 100.0, 50.0},
                           {0.75, 0.273919, 0.123494, 0.098775, 0.494435, 0.192563, 0.110251, 0.725495}},
                    Golden{{Variant::tm, 0.02, none, 100.0, 100.0},
                           {0.02, 0.037052, 0.050793, 0.061265, 0.041818, 0.054034, 0.063206, 0.02223}},
                    Golden{{Variant::etm, 0.02, 0.1, 100.0, 100.0},
                           {0.02, 0.106707, 0.160459, 0.180399, 0.108523, 0.149808, 0.16365, 0.029748}},
                    Golden{{Variant::tm, 0.9, none, 20.0, 1000.0},
                           {0.9, 0.449175, 0.395648, 0.393495, 0.983705, 0.39849, 0.393473, 0.971092}},
                    Golden{{Variant::etm, 0.9, 0.1, 20.0, 1000.0},
                           {0.9, 0.413206, 0.384289, 0.383689, 0.924616, 0.40792, 0.3867, 0.934723}}));

std::vector<TsodyksMarkram> one_of_each() {
    return {{Variant::tm, 0.3, none, 120.0, 70.0},
            {Variant::etm, 0.3, 0.1, 120.0, 70.0},
            {Variant::tm3, 0.3, none, 120.0, 70.0, 5.0},
            {Variant::mongillo, 0.3, none, 120.0, 70.0}};
}

TEST(TsodyksMarkram, StartsAtRestAndReturnsToIt) {
    for (const TsodyksMarkram& synapse : one_of_each()) {
        auto state = synapse.initial();
        const double first = synapse.release(state, 0.0);
        EXPECT_DOUBLE_EQ(first,
                         synapse.variant == Variant::mongillo ? synapse.U * (2.0 - synapse.U) : synapse.U);
        EXPECT_EQ(synapse.release(state, hour), first);
    }
}

TEST(TsodyksMarkram, RelaxesFromItsStart) {
    // u(t) = 0.9 - 0.89 e^-t/s, the depressing synapse of Payeur et al. (2021): 0.57 after a silent second.
    const TsodyksMarkram synapse{
        .variant = Variant::etm, .U = 0.9, .f = 0.1, .tau_rec = 20.0, .tau_fac = 1000.0, .u_0 = 0.01};
    for (const double t : {0.0, 100.0, 1000.0, 4000.0}) {
        auto state = synapse.initial();
        EXPECT_NEAR(synapse.release(state, t), 0.9 - 0.89 * std::exp(-t / 1000.0), 1e-12);
        EXPECT_NEAR(state.x, 1.0 - 0.9 + 0.89 * std::exp(-t / 1000.0), 1e-12);
    }
}

TEST(TsodyksMarkram, KeepsResourcesAndUtilisationWithinBounds) {
    Stream stream{StreamKey{1, "test", "bounds"}};
    for (const TsodyksMarkram& synapse : one_of_each()) {
        auto state = synapse.initial();
        for (int spike = 0; spike < 10000; ++spike) {
            const double released = synapse.release(state, -10.0 * log(uniform(stream())));
            ASSERT_THAT(released, testing::AllOf(testing::Gt(0.0), testing::Le(1.0)));
            ASSERT_THAT(state.u, testing::AllOf(testing::Ge(synapse.U), testing::Le(1.0)));
            ASSERT_THAT(state.x, testing::AllOf(testing::Ge(0.0), testing::Le(1.0)));
            ASSERT_THAT(state.y, testing::AllOf(testing::Ge(0.0), testing::Le(1.0 - state.x)));
        }
    }
}

TEST(TsodyksMarkram, HasThePairedPulseRatioOfItsFormula) {
    const TsodyksMarkram s{.U = 0.2, .tau_rec = 90.0, .tau_fac = 60.0};
    for (const double h : {1.0, 5.0, 20.0, 100.0, 500.0}) {
        const Releases r = release_all(s, {0.0, h});
        const double ratio =
            (1.0 + (1.0 - s.U) * std::exp(-h / s.tau_fac)) * (1.0 - s.U * std::exp(-h / s.tau_rec));
        EXPECT_NEAR(r[1] / r[0], ratio, 1e-14);
    }
}

TEST(TsodyksMarkram, SettlesToTheFixedPointOfARegularTrain) {
    for (const double h : {5.0, 25.0, 100.0}) {
        for (const TsodyksMarkram& s : one_of_each()) {
            if (s.variant == Variant::tm3) continue;
            const double f = s.variant == Variant::etm ? s.f : s.U;
            const double fac = std::exp(-h / s.tau_fac);
            const double rec = std::exp(-h / s.tau_rec);
            const double before = (s.U * (1.0 - fac) + f * fac) / (1.0 - (1.0 - f) * fac);
            const double u = s.variant == Variant::mongillo ? before + f * (1.0 - before) : before;
            const double x = (1.0 - rec) / (1.0 - (1.0 - u) * rec);
            std::vector<double> times(1000);
            for (std::size_t i = 0; i < times.size(); ++i) times[i] = h * static_cast<double>(i);
            EXPECT_NEAR(release_all(s, times).back(), u * x, 1e-13);
        }
    }
}

TEST(TsodyksMarkram, EtmWithAJumpOfUIsTm) {
    const TsodyksMarkram tm{Variant::tm, 0.3, none, 120.0, 70.0};
    EXPECT_EQ(release_all({Variant::etm, 0.3, 0.3, 120.0, 70.0}, spike_times), release_all(tm, spike_times));
    EXPECT_EQ(release_all({Variant::etm, 0.3, none, 120.0, 70.0}, spike_times), release_all(tm, spike_times));
}

TEST(TsodyksMarkram, Tm3BecomesTmAsTheActiveStateShortens) {
    const Releases tm = release_all({Variant::tm, 0.5, none, 100.0, 50.0}, spike_times);
    const auto largest_difference = [&](double tau_psc) {
        const Releases tm3 = release_all({Variant::tm3, 0.5, none, 100.0, 50.0, tau_psc}, spike_times);
        double largest = 0.0;
        for (std::size_t i = 0; i < tm.size(); ++i) largest = std::max(largest, std::abs(tm3[i] - tm[i]));
        return largest;
    };
    EXPECT_NEAR(largest_difference(1e-2) / largest_difference(1e-3), 10.0, 0.01);
    EXPECT_LT(largest_difference(1e-12), 1e-13);
}

TEST(TsodyksMarkram, WithoutFacilitationEverySpikeUsesU) {
    for (const Variant variant : {Variant::tm, Variant::tm3}) {
        const TsodyksMarkram s{.variant = variant, .U = 0.4, .tau_rec = 100.0, .tau_fac = 0.0};
        auto state = s.initial();
        for (const double h : {hour, 10.0, 0.0, 10.0}) {
            s.release(state, h);
            const double x = state.x / (1.0 - s.U);  // before the spike
            EXPECT_NEAR(s.U * x, x - state.x, 1e-15);
            EXPECT_DOUBLE_EQ(state.u, s.U + s.U * (1.0 - s.U));
        }
    }
    EXPECT_EQ(release_all({.U = 0.4, .tau_rec = 100.0, .tau_fac = 0.0}, spike_times),
              release_all({.U = 0.4, .tau_rec = 100.0, .tau_fac = 1e-9}, spike_times));
}

TEST(TsodyksMarkram, Tm3IsSmoothWhereTheTimeConstantsMeet) {
    const auto with_tau_psc = [](double tau_psc) {
        return release_all({Variant::tm3, 0.5, none, 100.0, 50.0, tau_psc}, spike_times);
    };
    const Releases equal = with_tau_psc(100.0);
    for (const double difference : {1e-3, 1e-6, 1e-9, 1e-12, 1e-14}) {
        for (const double sign : {-1.0, 1.0}) {
            EXPECT_THAT(with_tau_psc(100.0 * (1.0 + sign * difference)),
                        testing::Pointwise(testing::DoubleNear(difference + 1e-14), equal));
        }
    }
}

/// Releases by Euler steps of the differential equations.
Releases euler(const TsodyksMarkram& s, const std::vector<double>& times, double step) {
    Releases releases;
    double u = s.U, x = 1.0, y = 0.0, z = 0.0, t = 0.0;
    for (const double spike : times) {
        const long steps = std::lround((spike - t) / step);
        for (long i = 0; i < steps; ++i) {
            const double du = (s.U - u) / s.tau_fac, dx = z / s.tau_rec, dy = -y / s.tau_psc;
            u += step * du;
            x += step * dx;
            y += step * dy;
            z -= step * (dx + dy);
        }
        t = spike;
        releases.push_back(u * x);
        x -= releases.back();
        y += releases.back();
        u += s.U * (1.0 - u);
    }
    return releases;
}

TEST(TsodyksMarkram, Tm3SolvesItsDifferentialEquations) {
    for (const double tau_psc : {3.0, 99.0, 100.0, 250.0}) {
        const TsodyksMarkram synapse{Variant::tm3, 0.5, none, 100.0, 50.0, tau_psc};
        const Releases exact = release_all(synapse, spike_times);
        const Releases coarse = euler(synapse, spike_times, 0.02);
        const Releases fine = euler(synapse, spike_times, 0.01);
        for (std::size_t i = 1; i < exact.size(); ++i) {
            EXPECT_NEAR(fine[i], exact[i], 1e-3);
            EXPECT_NEAR(2.0 * fine[i] - coarse[i], exact[i], 1e-6) << "the error does not shrink as the step";
        }
    }
}

TEST(TsodyksMarkram, DefaultsAreInRangeAndNamed) {
    const TsodyksMarkram synapse;
    EXPECT_EQ(TsodyksMarkram::variants[static_cast<std::size_t>(Variant::mongillo)], "mongillo");
    for (const auto& field : TsodyksMarkram::fields) {
        const bool follows = field.name == "f" || field.name == "u_0";
        EXPECT_TRUE(follows ? std::isnan(synapse.*field.member) : field.range.contains(synapse.*field.member))
            << field.name;
    }
    EXPECT_EQ(synapse.check(), std::nullopt);
}

TEST(TsodyksMarkram, RefusesAJumpThatHasNoEffect) {
    EXPECT_EQ((TsodyksMarkram{.variant = Variant::etm, .f = 0.1}.check()), std::nullopt);
    EXPECT_THAT((TsodyksMarkram{.variant = Variant::tm3, .f = 0.1}.check()),
                testing::Optional(testing::HasSubstr("etm only")));
}

}  // namespace
}  // namespace apical
