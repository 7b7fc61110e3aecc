#pragma once

#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/field.hpp"
#include "networks/description.hpp"

namespace apical {

/// What is known of the models by name, without their types: what a configuration is checked against and
/// `explain` prints.

/// A parameter. A default of NaN says that it follows from the others where it is not given.
struct FieldInfo {
    std::string name;
    std::string unit;
    std::string meaning;
    Range range = any;
    double default_value = std::numeric_limits<double>::quiet_NaN();
};

/// Where synapses may end.
struct PortInfo {
    std::string name;
    std::string unit = "1";  ///< of the weights
    bool level = false;      ///< what arrives stays: drives and steps may end here
    bool inhibits = false;   ///< a positive weight inhibits
    bool conducts = false;   ///< weights are conductances, which are not negative
    int sign = 0;            ///< of a current: that weights are meant to have; 0: either
};

/// A choice between variants of a model: the first is the default.
struct OptionInfo {
    std::string name;
    std::string meaning;
    std::vector<std::pair<std::string, std::string>> choices;  ///< word, meaning
};

struct ModelInfo {
    enum class Kind { neuron, source, rule, short_term };
    std::string name;
    Kind kind = Kind::neuron;
    std::string summary;    ///< one line
    std::string equations;  ///< plain text with its reference, any number of lines
    std::vector<FieldInfo> fields;
    std::vector<PortInfo> ports;
    std::vector<std::string> variables;
    /// What makes the spikes of a cell events or bursts, unless a configuration says otherwise.
    Classifier classifier = Classifier::every;
    std::vector<OptionInfo> options;  ///< of a rule: "teaching", "baseline", "low_rate"
    /// What is wrong with a set of parameters that are each in range, if anything.
    std::function<std::optional<std::string>(const Parameters&)> check = [](const Parameters&) {
        return std::nullopt;
    };

    const FieldInfo* field(std::string_view field_name) const {
        for (const FieldInfo& field : fields) {
            if (field.name == field_name) return &field;
        }
        return nullptr;
    }

    const PortInfo* port(std::string_view port_name) const {
        for (const PortInfo& port : ports) {
            if (port.name == port_name) return &port;
        }
        return nullptr;
    }
};

struct Catalogue {
    std::vector<ModelInfo> models;

    const ModelInfo* find(ModelInfo::Kind kind, std::string_view name) const {
        for (const ModelInfo& model : models) {
            if (model.kind == kind && model.name == name) return &model;
        }
        return nullptr;
    }

    /// A neuron model or a spike source.
    const ModelInfo* cell(std::string_view name) const {
        const ModelInfo* neuron = find(ModelInfo::Kind::neuron, name);
        return neuron != nullptr ? neuron : find(ModelInfo::Kind::source, name);
    }
};

/// The models in the list of models.hpp.
const Catalogue& catalogue();

}  // namespace apical
