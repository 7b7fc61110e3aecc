#include "circuits/circuit.hpp"

namespace apical {

std::vector<std::string> Circuit::cells(const NetworkDescription& description) const {
    std::vector<std::string> list;
    for (const PopulationDescription& p : description.populations) {
        if (p.name == "output" || p.name.starts_with("hidden")) list.push_back(p.name);
    }
    return list;
}

}  // namespace apical
