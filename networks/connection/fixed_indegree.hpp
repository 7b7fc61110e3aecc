#pragma once

#include <vector>

#include <fmt/format.h>

#include "core/random.hpp"
#include "networks/connection/ends.hpp"
#include "networks/connection/sampling.hpp"

namespace apical {

struct FixedIndegree {
    static constexpr std::string_view name = "fixed_indegree";
    static constexpr std::string_view meaning = "k random sources for each target";

    Index k = 1;
    bool multapses = true;

    template <class Table>
    void read(Table& table) {
        table.read({"k", "1", "sources of each target", {.low = 1.0}, true}, k);
        table.read({.name = "multapses", .meaning = "may a source come twice"}, multapses);
    }

    std::optional<ConnectionProblem> problem(const Ends& ends) const {
        const Index n = ends.candidates();
        if (multapses || k <= n) return std::nullopt;
        return ConnectionProblem{
            "k", fmt::format("each target has only {} possible source{}", n, n == 1 ? "" : "s"),
            "multapses = true would allow repetitions"};
    }

    Index blocks_between(const Ends& ends) const { return !multapses && k == ends.candidates() ? 1 : 0; }

    double expected(const Ends&) const { return k; }

    void draw(const StreamKey& key, Index target, const Ends& ends, std::vector<Index>& out) const {
        if (multapses) {
            sample_with_replacement(key, k, ends.candidates(), out);
        } else {
            sample_without_replacement(key, k, ends.candidates(), out);
        }
        leave_out_itself(ends, target, out);
    }
};

}  // namespace apical
