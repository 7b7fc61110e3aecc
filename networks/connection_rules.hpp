#pragma once

#include <variant>

#include "networks/connection/all_to_all.hpp"
#include "networks/connection/bernoulli.hpp"
#include "networks/connection/blocks.hpp"
#include "networks/connection/fixed_indegree.hpp"
#include "networks/connection/one_to_one.hpp"

namespace apical {

/// THE list of connection rules: being in it gives a rule its name in configurations. Each has a `name`, a
/// `meaning` and `blocks_between(ends)`: into how many blocks of equal size it cuts both populations, each of
/// which projects to its like with all pairs, or 0 if its pairs are others, or drawn. As it needs them,
/// `read(table)`: its parameters, which are keys of `connect`; `problem(ends)`: why it cannot connect these
/// two; where there may be no blocks, `expected(ends)`: the mean number of sources of a target, and
/// `draw(key, target, ends, out)`: its sources, ascending, into an empty list. A draw depends on the target's
/// key and on nothing else, so that any target can be wired at any time, by any thread.
using AnyConnection = std::variant<AllToAll, OneToOne, Blocks, FixedIndegree, Bernoulli>;

/// Calls `visit` with every rule in the list, as it is by default.
template <class Visit>
void for_each_connection_rule(Visit visit) {
    [&]<class... Rules>(std::variant<Rules...>*) {
        (visit(Rules{}), ...);
    }(static_cast<AnyConnection*>(nullptr));
}

/// Which pairs of neurons a projection connects.
struct ConnectionRule {
    AnyConnection kind;
    bool autapses = false;  ///< may a neuron project onto itself
};

}  // namespace apical
