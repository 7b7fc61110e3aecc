#pragma once

#include <cmath>
#include <vector>

#include <boost/random/exponential_distribution.hpp>

#include "core/field.hpp"
#include "core/random.hpp"
#include "networks/connection/ends.hpp"

namespace apical {

struct Bernoulli {
    static constexpr std::string_view name = "bernoulli";
    static constexpr std::string_view meaning = "every pair with probability p";

    double p = 1.0;

    template <class Table>
    void read(Table& table) {
        table.read({"p", "1", "probability of each pair", positive_fraction, true}, p);
    }

    Index blocks_between(const Ends&) const { return p >= 1.0 ? 1 : 0; }

    double expected(const Ends& ends) const { return p * ends.candidates(); }

    /// The failures before a success are geometric, which is an exponential rounded down: as many draws as
    /// synapses, and exact for the smallest p.
    void draw(const StreamKey& key, Index target, const Ends& ends, std::vector<Index>& out) const {
        if (p <= 0.0) return;
        Stream stream(key);
        boost::random::exponential_distribution<double> waiting(-std::log1p(-p));
        for (double i = std::floor(waiting(stream)); i < ends.candidates();
             i += 1.0 + std::floor(waiting(stream)))
            out.push_back(static_cast<Index>(i));
        leave_out_itself(ends, target, out);
    }
};

}  // namespace apical
