#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "networks/catalogue.hpp"
#include "networks/problems.hpp"

namespace apical {

/// What a judge writes down.
class Findings {
public:
    void add(Problem problem) {
        errors_ = errors_ || problem.severity == Severity::error;
        list_.push_back(std::move(problem));
    }
    void error(std::string place, std::string code, std::string message, std::string help = {}) {
        add({Severity::error, {std::move(place)}, std::move(code), std::move(message), std::move(help)});
    }
    void warn(std::string place, std::string code, std::string message, std::string help = {}) {
        add({Severity::warning, {std::move(place)}, std::move(code), std::move(message), std::move(help)});
    }

    bool errors() const { return errors_; }
    std::vector<Problem> take() { return std::move(list_); }

private:
    std::vector<Problem> list_;
    bool errors_ = false;
};

/// The parts of the judge (problems.hpp), by what they judge. Of names that do not exist they say nothing:
/// the construction does.
void judge_populations(const NetworkDescription& description, Findings& findings);
void judge_projections(const NetworkDescription& description, Findings& findings);
/// `sign`: that of all that spikes release; 0: either.
void judge_plasticity(const NetworkDescription& description, const ProjectionDescription& projection,
                      const PopulationDescription& target, int sign, Findings& findings);
/// Signals, drives, steps, sines and recordings.
void judge_inputs(const NetworkDescription& description, Findings& findings);

/// Steps of something, at `place`.
void judge_steps(const std::string& place, const std::vector<double>& times,
                 const std::vector<double>& values, double duration, Findings& findings);

/// Something that is there `from` a time `until` another; `missing`: what there is not, if that begins too
/// late.
void judge_span(const std::string& place, double from, const std::optional<double>& until,
                std::string_view missing, double duration, Findings& findings);

/// What is drawn, and kept as numbers from `least` to `most` in size.
void judge_distribution(const std::string& place, const Distribution& distribution, double least, double most,
                        Findings& findings);

/// Parameters in the table at one of these places; says whether they are right.
bool judge_parameters(const std::vector<std::string>& places, const ModelInfo& model, const Parameters& given,
                      Findings& findings);

/// Weights as they arrive on a port that takes conductances: `negative` is the share of those, `constant`
/// whether all are alike; `cause` begins the sentence.
void judge_conductance(const std::string& place, const PortInfo& port, double negative, bool constant,
                       std::string_view cause, Findings& findings);
/// The same on one that takes currents.
void judge_current(const std::string& place, const PortInfo& port, const Distribution& weight,
                   Findings& findings);

/// Whether there are values, and all are this one.
bool are_all(const std::vector<double>& values, double value);

const PopulationDescription* find_population(const NetworkDescription& description, std::string_view name);

/// The value of a model's parameter, given or not; nothing if it has none of this name or it follows from
/// others.
std::optional<double> value_of(const ModelInfo& model, const Parameters& given, std::string_view name);

/// What makes the spikes of a population events or bursts.
Classifier classifier_of(const PopulationDescription& population, const ModelInfo& model);

/// Whether some spike of the population can be the second of a burst.
bool can_burst(const PopulationDescription& population, const ModelInfo& model);

}  // namespace apical
