#pragma once

#include <memory>

#include "circuits/burstccn_config.hpp"
#include "circuits/circuit.hpp"

namespace apical {

std::unique_ptr<Circuit> burstccn(const BurstCcnConfig& config);

}  // namespace apical
