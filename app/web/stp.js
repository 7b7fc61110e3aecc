"use strict";
// The explorer of short-term plasticity. All numbers come from the library's own code, compiled to WebAssembly (app/wasm/stp.cpp);
// here are sliders, drawings and words.

const {program, variants, presets, maps, map: firstMap, synapse: firstSynapse, train: firstTrain} = JSON.parse(document.getElementById("data").textContent);
const page = document.getElementById("page");

// --- the state of the page: what the URL's fragment keeps -----------------------------------------------------------------------

const sliders = {
  U: {unit: "", low: 0.01, high: 1, step: 0.01, meaning: "release fraction of a rested synapse"},
  f: {unit: "", low: 0, high: 1, step: 0.01, meaning: "jump of u per spike (variant etm only; else U)"},
  tau_rec: {unit: "ms", low: 1, high: 2000, log: true, meaning: "recovery from depression"},
  tau_fac: {unit: "ms", low: 0, high: 2000, log: true, meaning: "decay of facilitation; 0: none"},
  tau_psc: {unit: "ms", low: 0.5, high: 100, log: true, meaning: "decay of the current, and of the active resources of tm3"},
};
const trainFields = {
  times: {kinds: ["times"], label: "Times (ms)"},
  rate: {kinds: ["regular", "poisson", "bursts"], label: "Rate (Hz; of events, for bursts)", low: 0.1, high: 500},
  duration: {kinds: ["regular", "poisson", "bursts"], label: "Duration (ms)", low: 1, high: 20000},
  burst_probability: {kinds: ["bursts"], label: "Burst probability", low: 0, high: 1},
  burst_spikes: {kinds: ["bursts"], label: "Spikes per burst", low: 2, high: 20},
  burst_interval: {kinds: ["bursts"], label: "Interval in a burst (ms)", low: 0.5, high: 16},
  seed: {kinds: ["poisson", "bursts"], label: "Seed", low: 0, high: 2 ** 53},
};
const mapAxes = Object.keys(maps);
const state = {...firstSynapse, ...firstTrain, map_x: firstMap.across, map_y: firstMap.up, quantity: "R2",
  partner: firstMap.partner};  // empty: the preset that tells most
const texts = ["variant", "kind", "times", "map_x", "map_y", "partner", "quantity"];

const readFragment = () => {
  for (const [key, value] of new URLSearchParams(location.hash.slice(1))) {
    if (!(key in state)) continue;
    if (texts.includes(key)) state[key] = value;
    else if (value !== "" && Number.isFinite(Number(value))) state[key] = Number(value);
  }
  if (!variants.includes(state.variant)) state.variant = firstSynapse.variant;
};
const writeFragment = () => {
  const told = Object.entries(state).filter(([, value]) => value !== null && value !== undefined);
  history.replaceState(null, "", `#${new URLSearchParams(told)}`);
};

// --- the library ----------------------------------------------------------------------------------------------------------------

let library = null;
const load = async () => {
  const bytes = Uint8Array.from(atob(document.getElementById("wasm").textContent), c => c.charCodeAt(0));
  // What the code would ask of a C library it never gets to on this page: errors, and streams that nobody uses.
  const missing = new Proxy({}, {get: (_, name) => (...rest) => {
    if (/ios_base4Init|cxa_atexit/.test(name)) return rest[0] ?? 0;
    throw new Error(`the library reports an error (${String(name)})`);
  }});
  library = (await WebAssembly.instantiate(bytes, {env: missing})).instance.exports;
};

const parametersOf = (s, variant = s.variant) =>
  [variants.indexOf(variant), s.U, variant === "etm" ? s.f : NaN, s.tau_rec, s.tau_fac, s.tau_psc, s.u_0 ?? NaN];
const setSynapse = (i, s, variant) => library.set_synapse(i, ...parametersOf(s, variant));

/** The spike times [ms] of the chosen train, or a sentence that says what is wrong with it. */
const trainTimes = () => {
  if (state.kind === "times") {
    const words = state.times.split(/[\s,]+/).filter(Boolean), times = words.map(Number);
    const wrong = times.findIndex((t, i) => !Number.isFinite(t) || t < 0 || (i > 0 && t <= times[i - 1]));
    if (wrong >= 0) return `“${words[wrong]}” is not a time, or not after the one before it.`;
    return times.length ? times : "Write at least one spike time.";
  }
  if (!(state.rate > 0)) return "The rate must be positive.";
  const shortest = (state.burst_spikes - 1) * state.burst_interval + 16;
  if (state.kind === "bursts" && 1000 / state.rate <= shortest) {
    return `With these bursts events are ${short(shortest)} ms apart or more: their rate must be below ${short(1000 / shortest)} Hz.`;
  }
  const n = library.make_train(["regular", "poisson", "bursts"].indexOf(state.kind), state.rate, state.duration,
    state.burst_probability, state.burst_spikes, state.burst_interval, state.seed);
  return [...new Float64Array(library.memory.buffer, library.times(), n)];
};

/** u, x and release at each spike. */
const respond = (times, variant = state.variant) => {
  setSynapse(0, state, variant);
  let last = 0;
  return times.map(t => {
    const release = library.spike(0, t - last);
    last = t;
    return {time: t, u: library.u(), x: library.x(), release};
  });
};

/** u and x between the spikes, on a fine grid; with the values just before and just after each spike. */
const course = (times, end) => {
  setSynapse(0, state);
  const curve = [], step = end / 600;
  let last = 0;
  const sample = t => { library.probe(0, t - last); curve.push({t, u: library.u(), x: library.x()}); };
  let next = 0;
  for (const t of [...times, end]) {
    for (; next < t; next += step) sample(next);
    sample(t);
    if (t === end && times.at(-1) !== end) break;
    library.spike(0, t - last);
    last = t;
    sample(t);
  }
  return curve;
};

const steadyRelease = (variant, rate) => {
  setSynapse(0, state, variant);
  let release = library.spike(0, 1e6);
  for (let i = 0; i < 400; ++i) release = library.spike(0, 1000 / rate);
  return release;
};

const pairedPulse = (variant, interval) => {
  setSynapse(0, state, variant);
  const first = library.spike(0, 1e6);
  return library.spike(0, interval) / first;
};

/** What an isolated event releases in all, and what a burst does, when either comes at a rate. */
const perEvent = (spikes, rate) => {
  setSynapse(0, state);
  let total = 0;
  for (let i = 0; i < 200; ++i) {
    total = library.spike(0, i ? 1000 / rate - (spikes - 1) * state.burst_interval : 1e6);
    for (let k = 1; k < spikes; ++k) total += library.spike(0, state.burst_interval);
  }
  return total;
};

// --- controls -------------------------------------------------------------------------------------------------------------------

const inputs = {};
/** Slider positions are 0 to 1000. */
const toSlider = (s, v) => {
  if (!s.log) return Math.round(1000 * (v - s.low) / (s.high - s.low));
  const low = Math.max(s.low, 0.5);
  return v <= 0 ? 0 : Math.round(1000 * Math.max(0, Math.log(v / low) / Math.log(s.high / low)));
};
const fromSlider = (s, p) => {
  if (!s.log) return Number((s.low + (s.high - s.low) * p / 1000).toFixed(2));
  const low = Math.max(s.low, 0.5);
  return s.low === 0 && p <= 0 ? 0 : Number((low * (s.high / low) ** (p / 1000)).toPrecision(3));
};

const parameterControl = name => {
  const s = sliders[name], what = `${name}${s.unit ? ` (${s.unit})` : ""}`;
  const slider = element("input", {type: "range", min: 0, max: 1000, id: `slider-${name}`, "aria-label": `${what}: ${s.meaning}`});
  const field = element("input", {type: "number", id: `field-${name}`, min: s.low, max: s.high, step: "any", "aria-label": what});
  slider.addEventListener("input", () => { state[name] = fromSlider(s, Number(slider.value)); update(slider); });
  field.addEventListener("input", () => {
    const v = Number(field.value);
    const good = field.value !== "" && v >= (name === "U" || name === "tau_rec" || name === "tau_psc" ? 1e-6 : 0) && (s.unit || v <= 1);
    field.setAttribute("aria-invalid", String(!good));
    if (good) { state[name] = v; update(field); }
  });
  inputs[name] = {slider, field};
  return element("div", {class: "parameter"}, element("label", {for: `field-${name}`, title: s.meaning}, what), slider, field);
};

const trainControl = name => {
  const t = trainFields[name];
  const field = name === "times" ? element("input", {type: "text", id: "field-times", size: 36})
    : element("input", {type: "number", id: `field-${name}`, min: t.low, max: t.high, step: "any"});
  field.addEventListener("input", () => {
    if (name === "times") state.times = field.value;
    else if (field.value !== "" && Number(field.value) >= t.low && Number(field.value) <= t.high) state[name] = Number(field.value);
    else return;
    update(field);
  });
  inputs[name] = {field, row: element("label", {}, `${t.label} `, field)};
  return inputs[name].row;
};

const choice = (label, key, names, shown = names) => {
  const select = element("select", {"aria-label": label, id: `choice-${key}`}, ...names.map((n, i) => element("option", {value: n}, shown[i])));
  select.addEventListener("change", () => { state[key] = select.value; update(select); });
  inputs[key] = {field: select};
  return element("label", {}, `${label} `, select);
};

const presetChoice = () => {
  const select = element("select", {"aria-label": "Preset", id: "preset"}, element("option", {value: ""}, "choose…"),
    ...presets.map(p => element("option", {value: p.name}, `${p.name} – ${p.source}`)));
  select.addEventListener("change", () => {
    Object.assign(state, presets.find(p => p.name === select.value)?.synapse ?? {});
    update();
  });
  return element("label", {class: "screen"}, "Preset ", select);
};

/** Writes the state into the controls, but for the one that is being used. */
const showControls = used => {
  for (const [name, {slider, field}] of Object.entries(inputs)) {
    if (slider && slider !== used) slider.value = toSlider(sliders[name], state[name]);
    if (field !== used) { field.value = state[name]; field.removeAttribute("aria-invalid"); }
  }
  for (const [name, t] of Object.entries(trainFields)) inputs[name].row.style.display = t.kinds.includes(state.kind) ? "" : "none";
  inputs.f.slider.disabled = inputs.f.field.disabled = state.variant !== "etm";
};

// --- copy as --------------------------------------------------------------------------------------------------------------------

const written = () => {
  const {variant, U, f, tau_rec, tau_fac, tau_psc, u_0} = state;
  const toml = [`variant = "${variant}"`, `U = ${U}`, variant === "etm" ? `f = ${f}` : "", `tau_rec = ${tau_rec}`, `tau_fac = ${tau_fac}`,
                variant === "tm3" ? `tau_psc = ${tau_psc}` : "", u_0 === null ? "" : `u_0 = ${u_0}`].filter(Boolean).join(", ");
  const none = (tool, why) => `# ${tool} has no synapse of the variant ${variant}: ${why}`;
  const nest = {
    tm: `nest.CopyModel("tsodyks2_synapse", "stp",\n               {"U": ${U}, "u": ${U}, "tau_rec": ${tau_rec}, "tau_fac": ${tau_fac}})`,
    tm3: `nest.CopyModel("tsodyks_synapse", "stp",\n               {"U": ${U}, "u": ${U}, "tau_rec": ${tau_rec}, "tau_fac": ${tau_fac}, ` +
      `"tau_psc": ${tau_psc}})\n# tau_psc must be the synaptic time constant of the target neuron`,
  };
  const pynn = `sim.TsodyksMarkramSynapse(U=${U}, tau_rec=${tau_rec}, tau_facil=${tau_fac}, weight=weight, delay=delay)` +
    (variant === "tm3" ? "" : "\n# on NEST this is the variant tm3, with tau_psc of the target's synapses");
  const jump = `u += ${variant === "etm" ? f : "U"}*(1 - u)`, release = "r = u*x; x -= r";
  const brian = variant === "tm3" ? none("Brian 2's event-driven integration", "write its three states as clock-driven equations")
    : `S = Synapses(source, target,\n             """w : 1\n                ${tau_fac > 0 ? `du/dt = (U - u)/tau_fac : 1 (event-driven)` : "u : 1"}\n` +
      `                dx/dt = (1 - x)/tau_rec : 1 (event-driven)""",\n             on_pre="""${tau_fac > 0 ? "" : "u = U\n                       "}` +
      `${variant === "mongillo" ? jump : release.split("; ")[0]}\n                       ` +
      `${variant === "mongillo" ? release.split("; ").join("\n                       ") : `x -= r\n                       ${jump}`}\n` +
      `                       v_post += w*r""",\n             namespace={"U": ${U}, "tau_rec": ${tau_rec}*ms, "tau_fac": ${tau_fac}*ms})\n` +
      `S.connect()\nS.u = ${U}\nS.x = 1`;
  return {
    TOML: `short_term = { ${toml} }`,
    NEST: nest[variant] ?? none("NEST", variant === "etm" ? "its jump of u is U; with f = U it is tsodyks2_synapse" : "its u jumps after the release"),
    PyNN: variant === "tm" || variant === "tm3" ? pynn : none("PyNN", "only its TsodyksMarkramSynapse, close to tm3"),
    "Brian 2": brian,
  };
};

const copyPanel = () => {
  const shown = element("pre", {id: "copied"});
  const say = element("span", {class: "muted", role: "status"});
  const buttons = Object.keys(written()).map(tool => element("button", {type: "button", onclick: async () => {
    const text = written()[tool];
    shown.textContent = text;
    try { await navigator.clipboard.writeText(text); say.textContent = "copied"; } catch { say.textContent = "select and copy:"; }
  }}, tool));
  return [element("div", {class: "controls screen"}, "Copy as", ...buttons, say), shown];
};

// --- plots ----------------------------------------------------------------------------------------------------------------------

let times = [], response = [], every = {}, curve = [];
const figure = (parent, options) => { const f = new Figure(options); parent.append(f.node); return f; };
const endOf = () => Math.max(state.kind === "times" ? times.at(-1) * 1.08 : state.duration, 1);
const variantColour = v => `--c${variants.indexOf(v)}`;

const figures = {};
const makeFigures = () => {
  const node = element("div", {class: "columns", id: "variants"});
  page.append(element("h2", {}, "The four variants side by side"), node);
  for (const v of variants) {
    figures[v] = figure(node, {
      title: v, columns: 1, text: `Releases of the variant ${v}`, caption: "",
      draw: (...place) => linePlot({x: times, series: [{label: "release", values: every[v].map(r => r.release), colour: variantColour(v), stems: true}],
                                   xRange: [0, endOf()], yRange: [0, highest()], xLabel: "Time (ms)", yLabel: "Release", height: 170})(...place),
      csv: () => [["time_ms", "u", "x", "release"], ...every[v].map(r => [r.time, r.u, r.x, r.release])],
    });
  }
  const chosen = element("div", {class: "columns"});
  page.append(element("h2", {id: "chosen"}, "The chosen variant"), chosen);
  figures.state = figure(chosen, {
    title: "Utilisation and resources", columns: 1, caption: "What a spike would find at each time: utilisation u and available resources x.",
    draw: (...place) => linePlot({x: curve.map(c => c.t), series: [{label: "u", values: curve.map(c => c.u), colour: "--c0"},
                                                                  {label: "x", values: curve.map(c => c.x), colour: "--c1", dash: dashes[1]}],
                                 xRange: [0, endOf()], yRange: [0, 1.05], xLabel: "Time (ms)", yLabel: "u, x"})(...place),
    csv: () => [["time_ms", "u", "x"], ...curve.map(c => [c.t, c.u, c.x])],
  });
  const current = () => {
    const grid = Array.from({length: 800}, (_, i) => endOf() * i / 799);
    let sum = 0, last = 0, next = 0;
    return grid.map(t => {
      while (next < response.length && response[next].time <= t) {
        sum = sum * Math.exp(-(response[next].time - last) / state.tau_psc) + response[next].release;
        last = response[next++].time;
      }
      return {t, value: sum * Math.exp(-(t - last) / state.tau_psc)};
    });
  };
  figures.psc = figure(chosen, {
    title: "Postsynaptic current", columns: 1, caption: "Of a synapse of weight 1: each release decays with tau_psc.",
    draw: (...place) => { const c = current(); return linePlot({x: c.map(p => p.t), series: [{label: "current", values: c.map(p => p.value), colour: "--accent"}],
                                 xRange: [0, endOf()], xLabel: "Time (ms)", yLabel: "Current (weight)"})(...place); },
    csv: () => [["time_ms", "current"], ...current().map(p => [p.t, p.value])],
  });
  const family = (title, xLabel, yLabel, grid, value, caption, marks = []) => {
    const lines = () => variants.map((v, i) => ({label: v, colour: variantColour(v), dash: dashes[i], width: v === state.variant ? 2.5 : 1.2,
                                                 values: grid.map(g => value(v, g))}));
    return figure(chosen, {title, columns: 1, caption,
      draw: (...place) => linePlot({x: grid, series: lines(), xLabel, yLabel, marks})(...place),
      csv: () => [[xLabel, ...variants], ...grid.map(g => [g, ...variants.map(v => value(v, g))])]});
  };
  figures.ppr = family("Paired-pulse ratio", "Interval (ms)", "Second / first release", Array.from({length: 100}, (_, i) => 2 + 4 * i), pairedPulse,
                       "Release of the second of two spikes over that of the first.", [{value: 1, label: "1"}]);
  figures.steady = family("Steady state", "Rate (Hz)", "Release per spike", Array.from({length: 60}, (_, i) => 1 + 2 * i), steadyRelease,
                          "Release of a spike after 400 regular spikes.");
  const rates = Array.from({length: 30}, (_, i) => i + 1);
  const fitting = () => rates.filter(r => 1000 / r > (state.burst_spikes - 1) * state.burst_interval + 16);
  figures.events = figure(chosen, {
    title: "Single events and bursts", columns: 1, caption: "All that an isolated spike releases, and all that a burst does, when only the one or the other comes, regularly.",
    draw: (...place) => { const r = fitting(); return linePlot({x: r, series: [
      {label: "single spike", values: r.map(x => perEvent(1, x)), colour: "--event"},
      {label: `burst of ${state.burst_spikes}`, values: r.map(x => perEvent(state.burst_spikes, x)), colour: "--burst", dash: dashes[1]}],
      xLabel: "Event rate (Hz)", yLabel: "Release per event"})(...place); },
    csv: () => [["event_rate_hz", "single", "burst"], ...fitting().map(r => [r, perEvent(1, r), perEvent(state.burst_spikes, r)])],
  });
};
const highest = () => 1.08 * Math.max(...variants.flatMap(v => every[v].map(r => r.release)), 1e-9);

const table = () => element("table", {id: "numbers"},
  element("thead", {}, element("tr", {}, ...["spike", "time (ms)", "u", "x", "release", "of first"].map(n => element("th", {class: "number"}, n)))),
  element("tbody", {}, ...response.slice(0, 200).map((r, i) => element("tr", {"data-release": r.release, "data-time": r.time},
    ...[i + 1, short(r.time), r.u.toFixed(6), r.x.toFixed(6), r.release.toFixed(6), (r.release / response[0].release).toFixed(3)]
      .map(v => element("td", {class: "number"}, v))))));

// --- the separation of events and bursts ----------------------------------------------------------------------------------------

const quantities = {
  R2: "R²: how well the pair tells b − p0 e",
  selectivity: "release per burst over release per event",
  per_event: "release per event", per_burst: "release per burst",
};

/** What synapses release at the points of the regression: in the order of the list, and none is simulated twice. */
const known = new Map();
const senderKey = () => `${state.burst_spikes}, ${state.burst_interval}`;
const synapseKey = s => [senderKey(), s.variant, s.U, s.variant === "etm" ? s.f : "", s.tau_rec, s.tau_fac, s.variant === "tm3" ? s.tau_psc : "", s.u_0 ?? ""].join();
const simulate = list => {
  if (known.size > 50000) known.clear();
  const missing = new Map(list.filter(s => !known.has(synapseKey(s))).map(s => [synapseKey(s), s])), points = library.point_count();
  const all = [...missing];
  for (let from = 0; from < all.length; from += library.most_in_list()) {
    const some = all.slice(from, from + library.most_in_list());
    library.clear_list();
    for (const [, s] of some) library.list_synapse(...parametersOf(s));
    library.simulate_list(state.burst_spikes, state.burst_interval);
    const rows = new Float64Array(library.memory.buffer, library.samples(), points * (2 + some.length));
    known.set(senderKey(), rows.slice(0, 2 * points));
    some.forEach(([key], i) => known.set(key, rows.slice((2 + i) * points, (3 + i) * points)));
  }
};
/** The regression for two synapses. R2 is null where they do not differ. */
const separation = (s, partner) => {
  simulate([s, partner]);
  const points = library.point_count(), rows = new Float64Array(library.memory.buffer, library.samples(), 4 * points);
  rows.set(known.get(senderKey()));
  rows.set(known.get(synapseKey(s)), 2 * points);
  rows.set(known.get(synapseKey(partner)), 3 * points);
  const at = library.pair();
  const [R2, r, C, per_event, per_burst] = new Float64Array(library.memory.buffer, at, 5);
  return {R2: Number.isNaN(R2) ? null : R2, r, C, per_event, per_burst, selectivity: per_burst / per_event};
};

/** Presets by how well each tells events from bursts together with the chosen synapse; what tells nothing is null. */
const partners = () => {
  simulate([state, ...presets.map(p => p.synapse)]);
  return presets.map(p => ({name: p.name, synapse: p.synapse, R2: separation(state, p.synapse).R2}))
    .map(p => ({...p, tells: p.R2 !== null && p.R2 > 0}));
};
const best = list => list.reduce((a, b) => b.tells && b.R2 > (a?.R2 ?? 0) ? b : a, null);
/** The other pathway: the one that was chosen, as long as it tells anything. */
const chosenPartner = list => list.find(p => p.name === state.partner && p.tells) ?? best(list);

const valueText = (quantity, v) => {
  if (v === null || v === undefined) return quantity === "R2" ? "R² undefined: both release alike" : "–";
  if (quantity !== "R2") return `${quantities[quantity]}: ${short(v)}`;
  return `R² ${v < -100 ? "below −100" : `= ${v.toFixed(3).replace("-", "−")}`}${v < 0 ? " (negative: farther off than a constant would be)" : ""}`;
};

const mapSize = maps.U.length;
let map = {cells: [], x: [], y: []}, mapRun = 0;

const makeMap = () => {
  const node = element("section");
  const words = element("p", {id: "separation"});
  node.append(element("h2", {}, "How well events and bursts are told apart"),
    element("p", {class: "muted"}, "The mean release per second is fitted as a plane, a e + c b, over event rates e of 1 to 30 Hz (less, where bursts " +
      "leave no room) and burst probabilities b/e of 0.1 to 0.9. What is left of the one pathway after the other, scaled to vanish at p0 = 0.5, " +
      "estimates b − p0 e; R² says how well: 1 is exact, 0 no better than a constant, and negative worse than one. Bursts as set for the train."),
    element("div", {class: "controls"}, choice("Across", "map_x", mapAxes), choice("Up", "map_y", mapAxes),
      choice("Other pathway", "partner", ["", ...presets.map(p => p.name)], ["the best preset", ...presets.map(p => p.name)]),
      choice("Colour", "quantity", Object.keys(quantities), Object.values(quantities))),
    words);
  page.append(node);
  const at = (grid, v) => {
    const i = grid.findIndex(g => g >= v);
    return i < 0 ? null : i === 0 ? (v >= grid[0] * 0.5 ? 0 : null) : i - (grid[i] - v) / (grid[i] - grid[i - 1]);
  };
  const value = (i, j) => map.cells[j]?.[i]?.[state.quantity];
  figures.map = figure(node, {
    title: "Separation map", caption: "", text: "Map of the separation over two parameters",
    draw: (...place) => {
      const values = map.cells.map((row, j) => row.map((_, i) => value(i, j) ?? null));
      const all = values.flat().filter(v => v !== null);
      const range = state.quantity === "R2" ? [0, 1] : [0, Math.max(1e-9, ...all)];
      const pick = grid => [0, Math.floor(grid.length / 3), Math.floor(2 * grid.length / 3), grid.length - 1];
      return matrixPlot({
        values: [...values].reverse(), colours: sequential(...range), xLabel: map.name_x, yLabel: map.name_y, square: false,
        xTicks: pick(map.x).map(i => ({at: (i + 0.5) / mapSize, text: short(map.x[i])})),
        yTicks: pick(map.y).map(i => ({at: 1 - (i + 0.5) / mapSize, text: short(map.y[i])})), scale: {range},
        tell: (row, i) => {
          const j = mapSize - 1 - row;
          return `${map.key_x} = ${short(map.x[i])}, ${map.key_y} = ${short(map.y[j])}\n${valueText(state.quantity, value(i, j))}` +
            (state.quantity === "R2" ? `\nwith ${map.partner}` : "");
        },
        pick: (row, i) => { state[map.key_x] = map.x[i]; state[map.key_y] = map.y[mapSize - 1 - row]; update(); },
        onmark: (c, box) => {
          const [i, j] = [at(map.x, state[map.key_x]), at(map.y, state[map.key_y])];
          if (i === null || j === null) return;
          c.strokeStyle = css("--map-mark"); c.lineWidth = 2;
          c.beginPath();
          c.arc(box.left + (i + 0.5) / mapSize * box.width, box.top + (1 - (j + 0.5) / mapSize) * box.height, 6, 0, 2 * Math.PI);
          c.stroke();
        },
      })(...place);
    },
    csv: () => [[map.key_x, map.key_y, "R2", "per_event", "per_burst", "r", "C"], ...map.y.flatMap((y, j) => map.x.map((x, i) => {
      const cell = map.cells[j][i] ?? {};
      return [x, y, cell.R2, cell.per_event, cell.per_burst, cell.r, cell.C];
    }))],
  });
};

/** Says how the chosen pair does; returns the preset that is the other pathway, or null if none tells anything. */
const tellPair = () => {
  const list = partners(), other = chosenPartner(list), words = document.getElementById("separation");
  for (const option of inputs.partner.field.options) {
    const p = list.find(q => q.name === option.value), top = best(list);
    option.disabled = p ? !p.tells : !top;
    option.textContent = p ? `${p.name} (${p.tells ? `R² ${p.R2.toFixed(3)}` : "tells nothing"})` : top ? `the best preset: ${top.name}` : "none";
  }
  inputs.partner.field.value = other && state.partner === other.name ? other.name : "";
  const here = separation(state, other?.synapse ?? state);
  words.textContent = `Here: ${short(here.per_event)} released an event and ${short(here.per_burst)} a burst (${short(here.selectivity)} times); ` +
    (other ? `with ${other.name} as the other pathway ${valueText("R2", here.R2)}, r = ${short(here.r)}, C = ${short(here.C)}.`
      : "no preset makes a pair with it that tells events from bursts.");
  Object.assign(words.dataset, {r2: here.R2, event: here.per_event, burst: here.per_burst, partner: other?.name ?? ""});
  return other;
};

/** Computes the map from coarse to fine, a piece at a time, so that the page never stands still. */
const computeMap = async () => {
  const run = ++mapRun;
  delete document.documentElement.dataset.map;
  await new Promise(done => setTimeout(done, 60));  // sliders move
  if (run !== mapRun) return;
  const other = tellPair(), partner = other?.synapse;
  const [kx, ky] = [state.map_x, state.map_y];
  const label = k => `${k}${sliders[k].unit ? ` (${sliders[k].unit})` : ""}`;
  map = {x: maps[kx], y: maps[ky], key_x: kx, key_y: ky, name_x: label(kx), name_y: label(ky), partner: other?.name,
         cells: Array.from({length: mapSize}, () => Array(mapSize).fill(null))};
  const caption = done => `${quantities[state.quantity]}${state.quantity === "R2" ? "; what is below 0 is shown as 0, what is undefined grey" : ""}. ` +
    `The ring: the parameters chosen above. Point at a cell for its value, click to choose its parameters.${done ? "" : " Computing…"}` +
    ((kx === "f" || ky === "f") && state.variant !== "etm" ? " f has an effect in the variant etm only." : "");
  const show = done => { figures.map.caption = caption(done); figures.map.redraw(); };
  const synapseAt = (i, j) => ({...state, [kx]: map.x[i], [ky]: map.y[j]});
  for (const step of partner ? [4, 2, 1] : []) {
    // Each cell stands for the square right and up of it until these have been computed.
    const grid = map.x.map((_, i) => i).filter(i => i % step === 0);
    const rows = Math.max(1, Math.floor(48 / grid.length));
    for (let k = 0; k < grid.length; k += rows) {
      const cells = grid.slice(k, k + rows).flatMap(j => grid.map(i => [i, j]));
      simulate(cells.map(([i, j]) => synapseAt(i, j)));
      for (const [i, j] of cells) {
        const found = separation(synapseAt(i, j), partner);
        for (let y = j; y < Math.min(mapSize, j + step); ++y) map.cells[y].fill(found, i, i + step);
      }
      await new Promise(done => setTimeout(done));
      if (run !== mapRun) return;
    }
    show(step === 1);
    document.documentElement.dataset.coarse = String(run);
  }
  if (!partner) show(true);
  document.documentElement.dataset.map = String(run);
};

// --- the whole ------------------------------------------------------------------------------------------------------------------

const numbers = element("div", {class: "scroll"}), complaint = element("p", {class: "warnings", role: "status", id: "complaint"});
const update = used => {
  showControls(used);
  const made = trainTimes();
  complaint.textContent = typeof made === "string" ? made : "";
  if (typeof made === "string") return;
  writeFragment();
  times = made;
  for (const v of variants) every[v] = respond(times, v);
  response = every[state.variant];
  curve = course(times, endOf());
  document.getElementById("chosen").textContent = `The chosen variant: ${state.variant}`;
  for (const v of variants) {
    figures[v].node.classList.toggle("picked", v === state.variant);
    figures[v].caption = v === state.variant ? "The chosen one." : "";
  }
  for (const f of Object.values(figures)) if (f !== figures.map) f.redraw();
  numbers.replaceChildren(response.length ? table() : element("p", {}, "No spike in this train."),
    response.length > 200 ? element("p", {class: "muted"}, `The first 200 of ${response.length} spikes; all are in the CSV of the variant's plot.`) : "");
  computeMap();
};

const start = async () => {
  document.title = "Short-term plasticity";
  await load();
  readFragment();
  page.append(element("h1", {}, "Short-term plasticity"),
    element("p", {class: "muted"}, `Release of a synapse after Tsodyks and Markram, computed by ${program}'s own code. The address keeps all settings.`),
    element("div", {class: "controls"}, presetChoice(), choice("Variant", "variant", variants)),
    element("div", {class: "parameters"}, ...Object.keys(sliders).map(parameterControl)),
    element("div", {class: "controls"}, choice("Train", "kind", ["times", "regular", "poisson", "bursts"],
                                               ["list of times", "regular", "Poisson", "events with bursts"]),
      ...Object.keys(trainFields).map(trainControl)),
    complaint, ...copyPanel());
  makeFigures();
  page.append(element("h2", {}, "Numbers"), numbers);
  makeMap();
  update();
  addEventListener("hashchange", () => { readFragment(); update(); });
  document.documentElement.dataset.ready = "yes";
};
start();
