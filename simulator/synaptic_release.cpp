#include "simulator/synaptic_release.hpp"

#include "core/simd.hpp"

namespace apical {
namespace {

/// Some synapses' states.
struct Columns {
    const float* weights;
    float* u;
    float* x;
    float* y;
};

[[gnu::always_inline]] inline void release_loop(const TsodyksMarkram& synapse,
                                                const TsodyksMarkram::Decay& decay, const Columns& columns,
                                                float* __restrict delivered, std::size_t n) {
    const TsodyksMarkram own = synapse;
    const TsodyksMarkram::Decay passed = decay;
    const float* __restrict weights = columns.weights;
    float* __restrict u = columns.u;
    float* __restrict x = columns.x;
    float* __restrict y = columns.y;
    for (std::size_t i = 0; i < n; ++i) {
        TsodyksMarkram::State state{double{u[i]}, double{x[i]}, double{y[i]}};
        delivered[i] = static_cast<float>(double{weights[i]} * own.release(state, passed));
        u[i] = static_cast<float>(state.u);
        x[i] = static_cast<float>(state.x);
        y[i] = static_cast<float>(state.y);
    }
}
APICAL_WIDEST(, void, release,
              (const TsodyksMarkram& synapse, const TsodyksMarkram::Decay& decay, const Columns& columns,
               float* delivered, std::size_t n),
              (synapse, decay, columns, delivered, n))

}  // namespace

SynapticRelease::SynapticRelease(const TsodyksMarkram& synapse, Table& table)
    : synapse_(synapse),
      table_(&table),
      last_(table.sources(), never),
      weights_(table.weights().begin(), table.weights().end()) {
    synapse_.u_0 = synapse_.U;
    reset();
}

void SynapticRelease::arrive(Index source, Time time) {
    const std::span<float> row = table_->row(source).weights;
    const auto first = row.data() - table_->weights().data();
    const TsodyksMarkram::Decay decay = synapse_.decay(ms(time - last_[source]));
    last_[source] = time;
    release(synapse_, decay,
            {weights_.data() + first, u_.data() + first, x_.data() + first, y_.data() + first}, row.data(),
            row.size());
}

void SynapticRelease::set_parameter(std::string_view parameter, double value, const std::string& owner) {
    synapse_ = with_parameter(synapse_, parameter, value, owner);
}

void SynapticRelease::reset() {
    const TsodyksMarkram::State rest = synapse_.initial();
    u_.assign(weights_.size(), static_cast<float>(rest.u));
    x_.assign(weights_.size(), static_cast<float>(rest.x));
    y_.assign(weights_.size(), static_cast<float>(rest.y));
}

void SynapticRelease::persist(Archive& archive) {
    archive.fields("synapse", synapse_);
    archive("last", std::span(last_));
    archive("u", std::span(u_));
    archive("x", std::span(x_));
    archive("y", std::span(y_));
}

}  // namespace apical
