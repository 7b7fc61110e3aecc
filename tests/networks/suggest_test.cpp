#include "networks/suggest.hpp"

#include <gtest/gtest.h>

namespace apical {
namespace {

TEST(Suggest, APartOfANameIsEnough) {
    const std::vector<std::string> known{"lif", "adex_pv", "adex_sst", "pair_stdp", "burst_dependent"};
    EXPECT_EQ(probably_meant("adex", known), "adex_pv");
    EXPECT_EQ(probably_meant("stdp", known), "pair_stdp");
    EXPECT_EQ(probably_meant("burst", known), "burst_dependent");
    EXPECT_EQ(probably_meant("lif_neuron", known), "lif");
    EXPECT_FALSE(probably_meant("ex", known));
    EXPECT_EQ(probably_meant("adx", known), "adex_pv");
    EXPECT_EQ(probably_meant("brust", known), "burst_dependent");
    EXPECT_FALSE(probably_meant("pai", {"lif", "tau_rec"}));
}

TEST(Suggest, ThereIsNoTimeStep) {
    for (const char* word : {"dt", "--dt", "Resolution", "time_step"})
        EXPECT_TRUE(no_such_thing(word)) << word;
    EXPECT_FALSE(no_such_thing("duration"));
}

TEST(Suggest, FindsSlipsOfThePen) {
    const std::vector<std::string> known{"tau_rec", "tau_fac", "U", "V_th", "size"};
    EXPECT_EQ(probably_meant("tau_recc", known), "tau_rec");
    EXPECT_EQ(probably_meant("tua_rec", known), "tau_rec");
    EXPECT_EQ(probably_meant("TAU_FAC", known), "tau_fac");
    EXPECT_EQ(probably_meant("v_th", known), "V_th");
    EXPECT_EQ(probably_meant("sise", known), "size");
}

TEST(Suggest, DoesNotGuessWildly) {
    const std::vector<std::string> known{"U", "size"};
    EXPECT_FALSE(probably_meant("x", known));
    EXPECT_FALSE(probably_meant("population", known));
}

TEST(Suggest, KnowsOtherToolsNames) {
    const std::vector<std::string> known{"tau_fac", "t_ref"};
    ASSERT_NE(foreign_name("tau_facil", known), nullptr);
    EXPECT_EQ(foreign_name("tau_facil", known)->ours, "tau_fac");
    EXPECT_EQ(foreign_name("tau_facil", known)->tool, "PyNN");
    EXPECT_EQ(foreign_name("tauFac", known)->tool, "NeuroML");
    EXPECT_EQ(foreign_name("v_thresh", known), nullptr) << "V_th is not a key here";
}

}  // namespace
}  // namespace apical
