#pragma once

#include <string>
#include <string_view>

#include "core/error.hpp"
#include "neurons/adaptive_lif.hpp"
#include "neurons/adex.hpp"
#include "neurons/alpha_lif.hpp"
#include "neurons/burst_poisson.hpp"
#include "neurons/burst_pyramidal.hpp"
#include "neurons/lif.hpp"
#include "neurons/source.hpp"
#include "neurons/stochastic_pyramidal.hpp"
#include "neurons/urbanczik_senn.hpp"
#include "plasticity/burst_dependent.hpp"
#include "plasticity/dendritic_prediction.hpp"
#include "plasticity/inhibitory_stdp.hpp"
#include "plasticity/pair_stdp.hpp"
#include "plasticity/triplet_stdp.hpp"

namespace apical {

/// THE list: one line for each model gives it a name in configurations, a page in `explain` and the contract
/// tests. A preset is a further line with its own numbers.

template <class Visit>
void for_each_neuron_model(Visit visit) {
    visit("lif", Lif{});
    visit("adaptive_lif", AdaptiveLif{});
    visit("pv", AdaptiveLif::pv());
    visit("sst", AdaptiveLif::sst());
    visit("alpha_lif", AlphaLif{});
    visit("stochastic_pyramidal", StochasticPyramidal{});
    visit("integrator_pyramidal", IntegratorPyramidal{});
    visit("payeur2021_pyramidal", BurstPyramidal::payeur2021());
    visit("greedy2026_pyramidal", BurstPyramidal::greedy2026());
    visit("burst_poisson", BurstPoisson{});
    visit("adex_pv", AdEx::pv());
    visit("adex_sst", AdEx::sst());
    visit("urbanczik_senn", UrbanczikSenn{});
}

template <class Visit>
void for_each_source_model(Visit visit) {
    visit("poisson", Poisson{});
    visit("regular", Regular{});
    visit("latency", Latency{});
}

/// `teaching` and `baseline` choose between the forms of one rule; empty where there is only one.
template <class Visit>
void for_each_rule(Visit visit) {
    visit("burst_dependent", "sampled", "fixed", BurstCcnRule{});
    visit("burst_dependent", "sampled", "moving_average", BurstpropRule{});
    visit("burst_dependent", "variance_reduced", "fixed", VarianceReducedBurstCcnRule{});
    visit("burst_dependent", "variance_reduced", "moving_average", VarianceReducedBurstpropRule{});
    visit("burst_dependent", "potential", "fixed", PotentialRule{});
    visit("pair_stdp", "", "", PairStdp{});
    visit("triplet_stdp", "", "", TripletStdp{});
    visit("inhibitory_stdp", "", "", InhibitoryStdp{});
    visit("dendritic_prediction", "", "", DendriticPrediction{});
}

/// The index of a port of a model; throws ConfigError.
template <class Model>
std::size_t port_index(const std::string& population, const std::string& name) {
    for (std::size_t i = 0; i < Model::ports.size(); ++i) {
        if (Model::ports[i].name == name) return i;
    }
    throw ConfigError("population " + population + ": there is no port '" + name + "'");
}

}  // namespace apical
