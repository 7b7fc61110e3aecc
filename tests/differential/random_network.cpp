#include "tests/differential/random_network.hpp"

#include <algorithm>
#include <cmath>
#include <random>

#include <fmt/format.h>

namespace apical::naive {
namespace {

class Maker {
public:
    Maker(std::uint64_t seed, bool decimals) : random_(seed), further_(~seed) {
        d_.seed = seed;
        network_.lattice = chance(0.6) ? Lattice::none : Lattice::binary;
        if (decimals) network_.lattice = Lattice::decimal;
        d_.duration = on_lattice(between(80.0, 160.0));
    }

    RandomNetwork make() {
        for (int i = whole(1, 2); i > 0; --i) add_source();
        for (int i = whole(1, 3); i > 0; --i) add_neurons();
        const auto sources = d_.populations;
        for (const PopulationDescription& target : sources) {
            if (is_source(target)) continue;
            bool reached = false;
            for (const PopulationDescription& source : sources) {
                if (!chance(is_source(source) ? (reached ? 0.5 : 1.0) : 0.45)) continue;
                reached = true;
                add_projection(source, target);
                if (chance(0.25)) add_projection(source, target);
            }
            if (chance(0.2)) add_steps(target);
            if (network_.lattice == Lattice::none && chance(0.15)) add_sine(target);
            if (network_.lattice == Lattice::none && chance(0.2)) add_drive(target);
        }
        // What came later has random numbers of its own: seeds stay the networks that they were.
        std::swap(random_, further_);
        for (PopulationDescription& p : d_.populations) {
            if (!is_source(p) || !chance(0.4)) continue;
            p.classifier = one_of({Classifier::isi, Classifier::trace});
            p.b_th = time(3.0, 25.0);
        }
        for (PopulationDescription& p : d_.populations) {
            if (p.parameters.contains("tau_syn_ex") && chance(0.3))
                p.parameters["tau_syn_ex"] = p.parameters["tau_m"] * (1.0 + one_of({0.0, 1e-9, 1e-5, 1e-3}));
            if (p.parameters.contains("tau_syn_in") && chance(0.2))
                p.parameters["tau_syn_in"] = p.parameters["tau_syn_ex"] * (1.0 + one_of({0.0, 1e-7, 1e-3}));
        }
        const auto projections = d_.projections;
        for (const ProjectionDescription& p : projections) {
            if (chance(0.25)) add_tie(p);
        }
        network_.description = std::move(d_);
        return std::move(network_);
    }

private:
    // Numbers. The library's distributions differ between implementations.

    double fraction() { return std::ldexp(static_cast<double>(random_() >> 11U), -53); }
    double between(double low, double high) { return low + (high - low) * fraction(); }
    /// Evenly on a logarithmic scale.
    double about(double low, double high) { return low * std::pow(high / low, fraction()); }
    int whole(int low, int high) { return low + static_cast<int>(fraction() * (high - low + 1)); }
    bool chance(double p) { return fraction() < p; }
    template <class T>
    T one_of(std::initializer_list<T> list) {
        return list.begin()[whole(0, static_cast<int>(list.size()) - 1)];
    }
    double on_lattice(double time) const {
        switch (network_.lattice) {
            case Lattice::binary:
                return std::max(1.0, std::round(8.0 * time)) / 8.0;
            case Lattice::decimal:
                return std::max(1.0, std::round(10.0 * time)) / 10.0;
            case Lattice::none:
                break;
        }
        return time;
    }
    double time(double low, double high) { return on_lattice(about(low, high)); }

    // Populations.

    static bool is_source(const PopulationDescription& p) { return p.model == "spike_train"; }

    void add_source() {
        PopulationDescription p;
        p.name = fmt::format("source_{}", d_.populations.size());
        p.model = "spike_train";
        p.size = static_cast<Index>(whole(1, 8));
        const double interval = about(4.0, 40.0);
        for (Index i = 0; i < p.size; ++i) {
            auto& train = p.spike_times.emplace_back();
            double t = 0.0;
            while (true) {
                t = on_lattice(t +
                               (chance(0.25) ? between(0.3, 6.0) : -interval * std::log(1.0 - fraction())));
                if (t >= d_.duration) break;
                if (train.empty() || t > train.back()) train.push_back(t);
            }
        }
        d_.populations.push_back(p);
    }

    void add_neurons() {
        PopulationDescription p;
        p.model = one_of<const char*>(
            {"lif", "lif", "adaptive_lif", "adaptive_lif", "alpha_lif", "alpha_lif", "pv", "sst"});
        p.name = fmt::format("{}_{}", p.model, d_.populations.size());
        p.size = static_cast<Index>(chance(0.05) ? whole(64, 70) : whole(1, 8));
        auto& v = p.parameters;
        const bool preset = p.model == "pv" || p.model == "sst";
        const double C_m = about(50.0, 400.0);
        const double tau_m = about(4.0, 50.0);
        const double to_threshold = between(8.0, 25.0);
        if (!preset) {
            v["C_m"] = C_m;
            v["tau_m"] = tau_m;
            v["E_L"] = between(-80.0, -60.0);
            v["V_th"] = v["E_L"] + to_threshold;
            v["V_reset"] = v["E_L"] + between(-5.0, 0.7 * to_threshold);
            v["t_ref"] = chance(0.2) ? 0.0 : time(0.4, 6.0);
            // Of the current at which it would fire by itself.
            const double drive = chance(0.3) ? 0.0 : chance(0.4) ? between(1.05, 1.6) : between(0.3, 0.95);
            v["I_e"] = drive * to_threshold * C_m / tau_m;
        }
        if (p.model == "adaptive_lif" && chance(0.5)) {
            if (chance(0.6)) v["a"] = about(0.2, 1.0) * C_m / tau_m;
            v["b"] = chance(0.8) ? about(1.0, 40.0) : -5.0;
            v["tau_w"] = about(20.0, 400.0);
        }
        if (p.model != "lif" && !preset) {
            v["tau_syn_ex"] = time_constant(v["tau_m"], v["tau_m"]);
            v["tau_syn_in"] = time_constant(v["tau_m"], v["tau_syn_ex"]);
        }
        if (chance(0.7)) p.classifier = one_of({Classifier::isi, Classifier::trace, Classifier::every});
        p.b_th = time(3.0, 25.0);
        p.initial["V_m"] = {Distribution::Kind::uniform, -72.0, -62.0};
        if (!preset) p.initial["V_m"] = {Distribution::Kind::uniform, v["V_reset"], v["V_th"] - 0.5};
        if (chance(0.1)) p.initial["refractory"].a = 2.5;
        d_.populations.push_back(p);
    }

    double time_constant(double other, double another) {
        constexpr double closest = 0.02;  // by chance; others are made nearly equal
        while (true) {
            const double tau = about(0.3, 30.0);
            const auto apart = [&](double x) { return std::abs(tau - x) > closest * x; };
            if (apart(other) && apart(another)) return tau;
        }
    }

    // Projections.

    ConnectionRule connection(const PopulationDescription& source, const PopulationDescription& target) {
        const bool autapses = chance(0.5);
        AnyConnection drawn = one_of<AnyConnection>({AllToAll{}, FixedIndegree{}, Bernoulli{}});
        const Index possible = source.size - (source.name == target.name && !autapses ? 1U : 0U);
        const bool multapses = chance(0.5);
        const int k = whole(1, std::min<int>(4, std::max<int>(1, static_cast<int>(possible))));
        const double p = between(0.3, 1.0);
        if (std::holds_alternative<Bernoulli>(drawn)) drawn = Bernoulli{p};
        if (std::holds_alternative<FixedIndegree>(drawn)) {
            drawn = AllToAll{};
            if (possible > 0) drawn = FixedIndegree{static_cast<Index>(k), multapses};
        }
        if (source.size != target.size || !chance(0.2)) return {drawn, autapses || possible == 0};
        if (chance(0.5)) return {OneToOne{}, true};
        return {Blocks{source.size}, true};
    }

    /// The weight whose potential would peak at about 1 mV.
    static double millivolt(const PopulationDescription& target, const std::string& port) {
        if (port == "membrane") return 1.0;
        const auto value = [&](const std::string& name, double otherwise) {
            const auto found = target.parameters.find(name);
            return found != target.parameters.end() ? found->second : otherwise;
        };
        const double tau_syn = value(port == "excitatory" ? "tau_syn_ex" : "tau_syn_in", 5.0);
        const double tau_m = value("tau_m", 15.0);
        const double charge = value("C_m", 100.0) * (1.0 + tau_syn / tau_m);
        return charge / tau_syn / (target.model == "alpha_lif" ? 2.7 : 1.0);
    }

    void add_projection(const PopulationDescription& source, const PopulationDescription& target) {
        ProjectionDescription p;
        p.name = fmt::format("p{}", d_.projections.size());
        p.source = source.name;
        p.target = target.name;
        p.port = target.model == "lif"                         ? "membrane"
                 : target.model != "alpha_lif" && chance(0.15) ? "membrane"
                                                               : one_of({"excitatory", "inhibitory"});
        p.connect = connection(source, target);
        const auto* const fixed = std::get_if<FixedIndegree>(&p.connect.kind);
        const auto* const bernoulli = std::get_if<Bernoulli>(&p.connect.kind);
        const double fan_in = std::holds_alternative<AllToAll>(p.connect.kind) ? source.size
                              : fixed != nullptr                               ? fixed->k
                              : bernoulli != nullptr                           ? bernoulli->p * source.size
                                                                               : 1.0;
        const double strength = is_source(source) ? between(3.0, 12.0) : between(0.5, 4.0);
        const bool inhibits = p.port == "inhibitory" || chance(is_source(source) ? 0.1 : 0.4);
        const double size = strength / std::sqrt(std::max(1.0, fan_in)) * millivolt(target, p.port);
        p.weight = weights(inhibits ? -size : size);
        p.delay = time(0.2, 5.0);
        if (chance(0.3)) add_plasticity(p, size, inhibits);
        if (chance(p.plasticity ? 0.3 : 0.6)) add_release(p);
        if (chance(0.15)) {
            for (double t = time(1.0, 40.0); t < d_.duration; t = on_lattice(t + between(5.0, 60.0))) {
                p.gain_steps.times.push_back(t);
                p.gain_steps.values.push_back(chance(0.2) ? 0.0 : between(0.3, 1.7));
            }
        }
        const bool each = !p.release.empty() && p.release.front().state == ReleaseTerm::State::synapse;
        if (each) p.plasticity.reset();
        d_.projections.push_back(p);
    }

    Distribution weights(double mean) {
        using Kind = Distribution::Kind;
        switch (whole(0, 3)) {
            case 0:
                return {Kind::constant, mean, 0.0};
            case 1:
                return {Kind::uniform, std::min(0.5 * mean, 1.5 * mean), std::max(0.5 * mean, 1.5 * mean)};
            case 2:
                return {Kind::normal, mean, 0.2 * std::abs(mean)};
            default:
                return {Kind::lognormal, mean, 0.4};
        }
    }

    void add_release(ProjectionDescription& p) {
        const auto short_term = [&] {
            ReleaseTerm term;
            term.variant = one_of<const char*>({"tm", "etm", "tm3", "mongillo"});
            term.parameters["U"] = between(0.05, 0.95);
            term.parameters["tau_rec"] = about(5.0, 500.0);
            if (chance(0.6)) term.parameters["tau_fac"] = about(5.0, 500.0);
            if (term.variant == "etm" && chance(0.7)) term.parameters["f"] = between(0.0, 1.0);
            if (term.variant == "tm3") term.parameters["tau_psc"] = about(1.0, 20.0);
            return term;
        };
        if (chance(0.2) && !p.plasticity) {
            p.release = {short_term()};
            p.release.front().state = ReleaseTerm::State::synapse;
            return;
        }
        for (int i = whole(1, 2); i > 0; --i) {
            ReleaseTerm term = short_term();
            if (chance(0.5) && term.parameters.contains("tau_fac"))
                term.parameters["u_0"] = between(0.01, 0.99);
            if (chance(0.4)) {
                term = {};
                term.variant = one_of<const char*>({"all", "event", "burst"});
                if (term.variant != "all" && chance(0.4)) {
                    const double lag = time(0.1, 2.0);
                    const bool another =
                        std::any_of(p.release.begin(), p.release.end(),
                                    [](const ReleaseTerm& t) { return t.parameters.contains("lag"); });
                    if (!p.plasticity || !another) term.parameters["lag"] = lag;
                }
            }
            if (chance(0.6)) term.gain = between(-0.5, 2.0);
            p.release.push_back(term);
        }
    }

    /// A projection whose weights are copies, of one that has all the synapses they are copied from.
    void add_tie(const ProjectionDescription& to) {
        using Mean = TieDescription::Mean;
        using Part = TieDescription::Part;
        if (std::holds_alternative<FixedIndegree>(to.connect.kind) ||
            std::holds_alternative<Bernoulli>(to.connect.kind))
            return;
        const auto find = [&](const std::string& name) {
            return *std::find_if(d_.populations.begin(), d_.populations.end(),
                                 [&](const PopulationDescription& p) { return p.name == name; });
        };
        PopulationDescription source = find(to.source);
        PopulationDescription target = find(to.target);
        const bool back = !is_source(source) && chance(0.7);
        if (back) std::swap(source, target);
        ProjectionDescription p;
        p.name = fmt::format("p{}", d_.projections.size());
        p.source = source.name;
        p.target = target.name;
        p.port = target.model == "lif" ? "membrane" : one_of({"excitatory", "inhibitory"});
        p.connect = to.connect;
        p.delay = time(0.2, 5.0);
        TieDescription tie;
        tie.to = to.name;
        if (back) tie.mean = one_of({Mean::none, Mean::senders, Mean::both});
        if (tie.mean == Mean::senders && source.size % 2 == 0 && chance(0.5)) tie.blocks = 2;
        tie.part = one_of({Part::whole, Part::whole, Part::plus, Part::minus});
        tie.scale = between(-1.0, 1.0) * millivolt(target, p.port) / std::abs(to.weight.a);
        p.tie = tie;
        d_.projections.push_back(p);
    }

    void add_plasticity(ProjectionDescription& p, double size, bool inhibits) {
        auto& rule = p.plasticity.emplace();
        auto& v = rule.parameters;
        p.weight = weights(inhibits ? -size : size);
        if (p.weight.kind == Distribution::Kind::normal || p.weight.kind == Distribution::Kind::lognormal)
            p.weight.kind = Distribution::Kind::constant;
        v["w_min"] = inhibits ? -2.0 * size : 0.0;
        v["w_max"] = inhibits ? 0.0 : chance(0.7) ? 2.0 * size : 1.6 * size;
        if (chance(0.5)) {
            rule.rule = "pair_stdp";
            v["tau_plus"] = about(5.0, 50.0);
            v["tau_minus"] = about(5.0, 50.0);
            if (!inhibits && chance(0.5)) {
                v["mu_plus"] = one_of({0.4, 1.0, 0.7});
                v["mu_minus"] = one_of({1.0, 0.4});
            }
            const auto each = [&](const char* mu) {
                return v.contains(mu) ? std::pow(size, 1.0 - v[mu]) : size;
            };
            v["A_plus"] = between(0.01, 0.1) * each("mu_plus");
            v["A_minus"] = between(0.01, 0.1) * each("mu_minus");
        } else {
            rule.rule = "burst_dependent";
            v["eta"] = between(0.02, 0.2) * size * (chance(0.2) ? -1.0 : 1.0);
            v["tau_pre"] = about(5.0, 50.0);
            v["p0"] = between(0.1, 0.7);
            if (chance(0.4)) {
                rule.baseline = "moving_average";
                if (chance(0.5)) v["prior"] = about(0.1, 10.0);
            }
            if (chance(0.4)) v["tau_average"] = about(20.0, 2000.0);
            if (chance(0.2)) v["r_max"] = about(2.0, 100.0);
            if (chance(0.2)) {
                v["r_min"] = about(0.1, 50.0);
                v["eta"] = std::abs(v["eta"]) * 0.2;
                if (chance(0.5)) rule.low_rate = "events";
            } else if (std::holds_alternative<AllToAll>(p.connect.kind) && p.source != p.target &&
                       chance(0.3)) {
                rule.deferred = true;
                rule.until = on_lattice(between(0.5, 0.9) * d_.duration);
            }
        }
        if (chance(0.4)) rule.back_delay = time(0.2, 8.0);
        if (chance(0.05)) {
            rule.back_delay = 0.0;
            network_.visited = true;
        }
        if (chance(0.2)) rule.from = on_lattice(between(5.0, 60.0));
        if (chance(0.2)) rule.until = on_lattice(between(60.0, 150.0));
        if (rule.until && *rule.until <= rule.from) rule.from = 0.0;
    }

    // Inputs from outside.

    static double rheobase(const PopulationDescription& target) {
        const auto value = [&](const std::string& name, double otherwise) {
            const auto found = target.parameters.find(name);
            return found != target.parameters.end() ? found->second : otherwise;
        };
        return (value("V_th", -50.0) - value("E_L", -70.0)) * value("C_m", 100.0) / value("tau_m", 15.0);
    }

    void add_steps(const PopulationDescription& target) {
        StepsDescription s;
        s.name = fmt::format("steps_{}", d_.steps.size());
        s.target = target.name;
        s.port = "current";
        for (double t = time(1.0, 20.0); t < d_.duration; t = on_lattice(t + between(3.0, 40.0))) {
            s.times.push_back(t);
            s.values.push_back(between(-0.5, 1.3) * rheobase(target));
        }
        d_.steps.push_back(s);
    }

    void add_sine(const PopulationDescription& target) {
        SineDescription s;
        s.name = fmt::format("sine_{}", d_.sines.size());
        s.target = target.name;
        s.port = "current";
        s.amplitude = between(0.1, 1.0) * rheobase(target);
        s.period = about(10.0, 500.0);
        s.phase = between(-3.0, 3.0);
        s.step = about(0.3, 5.0);
        if (chance(0.5)) s.from = between(1.0, 50.0);
        if (chance(0.5)) s.until = between(60.0, d_.duration);
        d_.sines.push_back(s);
    }

    void add_drive(const PopulationDescription& target) {
        using Kind = SignalDescription::Kind;
        SignalDescription s;
        s.name = fmt::format("signal_{}", d_.signals.size());
        s.population =
            d_.populations[static_cast<std::size_t>(whole(0, static_cast<int>(d_.populations.size()) - 1))]
                .name;
        s.kind = one_of({Kind::spike_rate, Kind::event_rate, Kind::burst_rate, Kind::burst_probability});
        s.tau = about(3.0, 100.0);
        s.undefined = between(0.0, 1.0);
        s.every = about(0.5, 5.0);
        DriveDescription drive;
        drive.name = fmt::format("drive_{}", d_.drives.size());
        drive.signal = s.name;
        drive.target = target.name;
        drive.port = "current";
        const bool ratio = s.kind == Kind::burst_probability;
        drive.offset = between(-0.3, 0.5) * rheobase(target);
        drive.gain = between(-1.0, 1.0) * rheobase(target) * (ratio ? 1.0 : 0.02);
        drive.delay = about(0.3, 10.0);
        if (chance(0.4)) drive.from = between(1.0, 40.0);
        if (chance(0.4)) drive.until = between(50.0, 150.0);
        d_.signals.push_back(s);
        d_.drives.push_back(drive);
    }

    std::mt19937_64 random_;
    std::mt19937_64 further_;
    RandomNetwork network_;
    NetworkDescription d_;
};

std::string in_words(const Parameters& parameters) {
    std::string text;
    for (const auto& [name, value] : parameters) text += fmt::format(" {}={}", name, value);
    return text;
}

std::string in_words(const ProjectionDescription& p) {
    std::string text = fmt::format("  {}: {} -> {}.{}, rule {}, weight {} {} {}, delay {}\n", p.name,
                                   p.source, p.target, p.port, p.connect.kind.index(),
                                   static_cast<int>(p.weight.kind), p.weight.a, p.weight.b, p.delay);
    for (const ReleaseTerm& term : p.release) {
        text += fmt::format("    release {} x {}{}{}\n", term.gain, term.variant,
                            term.state == ReleaseTerm::State::synapse ? " in each synapse" : "",
                            in_words(term.parameters));
    }
    if (p.tie) {
        text +=
            fmt::format("    tied to {}: scale {}, mean {}, blocks {}, part {}\n", p.tie->to, p.tie->scale,
                        static_cast<int>(p.tie->mean), p.tie->blocks, static_cast<int>(p.tie->part));
    }
    for (std::size_t i = 0; i < p.gain_steps.times.size(); ++i)
        text += fmt::format("    gain {} at {}\n", p.gain_steps.values[i], p.gain_steps.times[i]);
    if (p.plasticity) {
        const PlasticityDescription& rule = *p.plasticity;
        text +=
            fmt::format("    {} {} {}{}, back_delay {}, from {} until {}{}\n", rule.rule, rule.baseline,
                        rule.low_rate, rule.deferred ? " deferred" : "", rule.back_delay.value_or(p.delay),
                        rule.from, rule.until.value_or(INFINITY), in_words(rule.parameters));
    }
    return text;
}

}  // namespace

RandomNetwork random_network(std::uint64_t seed, bool decimals) { return Maker(seed, decimals).make(); }

std::string in_words(const NetworkDescription& d) {
    std::string text;
    for (const PopulationDescription& p : d.populations) {
        text +=
            fmt::format("  {}: {} {}, classifier {}, b_th {}{}\n", p.name, p.size, p.model,
                        p.classifier ? static_cast<int>(*p.classifier) : -1, p.b_th, in_words(p.parameters));
    }
    for (const ProjectionDescription& p : d.projections) text += in_words(p);
    for (const StepsDescription& s : d.steps)
        text += fmt::format("  {}: {} steps of {}\n", s.name, s.times.size(), s.target);
    for (const SineDescription& s : d.sines) text += fmt::format("  {}: a sine for {}\n", s.name, s.target);
    for (const DriveDescription& s : d.drives)
        text += fmt::format("  {}: {} drives {}\n", s.name, s.signal, s.target);
    return text;
}

}  // namespace apical::naive
