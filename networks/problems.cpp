#include "networks/problems.hpp"

#include <cmath>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "core/error.hpp"
#include "core/random.hpp"
#include "networks/build.hpp"
#include "networks/config.hpp"
#include "networks/connect.hpp"
#include "networks/findings.hpp"

namespace apical {
namespace {

/// Every stream of the run belongs to a purpose and a name, which its key holds as a hash of 32 bits.
void judge_streams(const NetworkDescription& d, Findings& findings) {
    std::map<std::uint32_t, std::pair<std::string_view, std::string_view>> seen;
    const auto note = [&](std::string_view purpose, const std::string& name, std::string_view group) {
        const auto [other, fresh] = seen.try_emplace(StreamKey(0, purpose, name).name, purpose, name);
        if (fresh || other->second == std::pair<std::string_view, std::string_view>(purpose, name)) return;
        findings.error(fmt::format("{}.{}", group, name), "E0211",
                       fmt::format("'{}' and '{}' would share their random numbers ({}, {}): rename one",
                                   name, other->second.second, purpose, other->second.first));
    };
    for (const PopulationDescription& p : d.populations) {
        for (const std::string_view purpose : {"model", "source", "noise", "initial"})
            note(purpose, p.name, "population");
    }
    for (const ProjectionDescription& p : d.projections) {
        for (const std::string_view purpose : {"connect", "weight"}) note(purpose, p.name, "projection");
    }
}

void judge_all(const NetworkDescription& description, Findings& findings) {
    judge_populations(description, findings);
    judge_projections(description, findings);
    judge_inputs(description, findings);
    judge_streams(description, findings);
}

}  // namespace

void expect_right(const NetworkDescription& description) {
    Findings findings;
    judge_all(description, findings);
    if (!findings.errors()) return;
    std::string wrong;
    for (const Problem& problem : findings.take()) {
        if (problem.severity != Severity::error) continue;
        wrong += fmt::format("{}{}: {}", wrong.empty() ? "" : "\n", problem.places.front(), problem.message);
    }
    throw ConfigError(wrong);
}

std::vector<Problem> problems(const NetworkDescription& description) {
    Findings findings;
    judge_all(description, findings);
    if (!findings.errors()) {
        for (Problem& refusal : refusals(description)) findings.add(std::move(refusal));
    }
    return findings.take();
}

void judge_distribution(const std::string& place, const Distribution& distribution, double least, double most,
                        Findings& findings) {
    using Kind = Distribution::Kind;
    if (distribution.kind == Kind::uniform && distribution.b < distribution.a)
        findings.error(place + ".high", "E0209", "high is below low");
    if (distribution.kind == Kind::lognormal && distribution.a == 0.0) {
        findings.error(place + ".mean", "E0204", "mean is 0: a lognormal has none such");
    } else if (const auto wrong = size_problem(distribution, least, most)) {
        findings.error(place, "E0204", *wrong);
    }
}

bool judge_parameters(const std::vector<std::string>& places, const ModelInfo& model, const Parameters& given,
                      Findings& findings) {
    bool right = true;
    const auto refuse = [&](const std::string& key, std::string code, std::string message) {
        right = false;
        std::vector<std::string> inside;
        for (const std::string& place : places) inside.push_back(key.empty() ? place : place + "." + key);
        findings.add({Severity::error, std::move(inside), std::move(code), std::move(message)});
    };
    for (const auto& [name, value] : given) {
        const FieldInfo* field = model.field(name);
        if (field == nullptr) {
            refuse({}, "E0208", fmt::format("{} has no parameter '{}'", model.name, name));
        } else if (!field->range.contains(value)) {
            refuse(name, "E0204",
                   fmt::format("{} = {}: expected {}", name, value, describe(field->range, field->unit)));
        }
    }
    if (!right) return false;
    if (const auto problem = model.check(given))
        refuse({}, "E0209", fmt::format("{}: {}", model.name, *problem));
    return right;
}

const PopulationDescription* find_population(const NetworkDescription& description, std::string_view name) {
    for (const PopulationDescription& p : description.populations) {
        if (p.name == name) return &p;
    }
    return nullptr;
}

std::optional<double> value_of(const ModelInfo& model, const Parameters& given, std::string_view name) {
    const FieldInfo* field = model.field(name);
    if (field == nullptr) return std::nullopt;
    const auto found = given.find(field->name);
    const double value = found != given.end() ? found->second : field->default_value;
    return std::isnan(value) ? std::nullopt : std::optional(value);
}

}  // namespace apical
