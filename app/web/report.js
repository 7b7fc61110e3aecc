"use strict";
// The report of a run, or of several side by side. The data are those that app/report.cpp collects from the run folders.

const {program, runs} = JSON.parse(document.getElementById("data").textContent);
const page = document.getElementById("page");
const several = runs.length > 1;
const plural = (n, word) => `${n} ${word}${n === 1 ? "" : "s"}`;

const mean = values => values.reduce((a, b) => a + b, 0) / values.length;
const deviation = values => {
  const m = mean(values);
  return values.length > 1 ? Math.sqrt(values.reduce((a, v) => a + (v - m) ** 2, 0) / (values.length - 1)) : 0;
};
const isNumber = v => typeof v === "number" && Number.isFinite(v);
const colourOf = i => `--c${i % 7}`;
const section = title => { const node = element("section", {}, element("h2", {}, title)); page.append(node); return node; };
const note = text => element("p", {class: "muted"}, text);
const chooser = (label, names, act) => {
  const select = element("select", {"aria-label": label}, ...names.map((n, i) => element("option", {value: i}, n)));
  select.addEventListener("change", () => act(Number(select.value)));
  return names.length > 1 ? element("label", {}, `${label} `, select) : null;
};

/** Mean and SD of columns of equal length: over those runs that have the value. */
const overRuns = columns => {
  const length = Math.max(0, ...columns.map(c => c.length));
  const at = i => columns.map(c => c[i]).filter(isNumber);
  const rows = Array.from({length}, (_, i) => at(i));
  return {
    values: rows.map(r => r.length ? mean(r) : null),
    low: rows.map(r => r.length ? mean(r) - deviation(r) : null),
    high: rows.map(r => r.length ? mean(r) + deviation(r) : null),
  };
};

// --- head: the verdict ----------------------------------------------------------------------------------------------------------

const stateOf = run => run.manifest.exit_state === "ok" ? "" : ` (the run was ${run.manifest.exit_state})`;
const verdictOf = run => (run.summary.verdict ?? "no verdict") + stateOf(run);

const head = () => {
  const tasks = [...new Set(runs.map(r => r.manifest.task))].join(", ");
  document.title = several ? `${tasks}: ${runs.length} runs` : `${tasks}: ${runs[0].name}`;
  page.append(element("h1", {}, document.title));
  if (several) {
    const last = (column, f) => runs.map(r => (r.metrics[column] ?? []).filter(isNumber).map(f).at(-1)).filter(isNumber);
    const errors = [...last("test_error_percent", v => v), ...last("test_accuracy", v => 100 * (1 - v))];
    const sentence = errors.length ? `Test error at the end: ${short(mean(errors))} ± ${short(deviation(errors))} % ` +
      `(mean ± SD over ${plural(errors.length, "run")}).` : `${runs.length} runs side by side.`;
    page.append(element("p", {class: "verdict"}, sentence));
    page.append(comparison());
  } else {
    page.append(element("p", {class: "verdict"}, verdictOf(runs[0])));
  }
  const warnings = runs.flatMap(r => r.warnings.map(w => several ? `${r.name}: ${w}` : w));
  if (warnings.length) page.append(element("ul", {class: "warnings"}, ...warnings.map(w => element("li", {}, `Warning: ${w}`))));
};

const comparison = () => {
  const keys = [...new Set(runs.flatMap(r => Object.keys(r.summary)))]
    .filter(k => !["task", "verdict", "result_hash", "seed", "threads"].includes(k) && runs.some(r => isNumber(r.summary[k])));
  const row = (cell, name, ...values) => element("tr", {}, element(cell, {}, name),
    ...values.map(v => element(cell, {class: isNumber(v) ? "number" : ""}, isNumber(v) ? short(v) : v ?? "–")));
  const column = k => runs.map(r => r.summary[k]).filter(isNumber);
  return element("div", {class: "scroll"}, element("table", {},
    element("thead", {}, row("th", "run", "seed", "verdict", ...keys.map(k => k.replaceAll("_", " ")))),
    element("tbody", {}, ...runs.map(r => row("td", r.name, r.manifest.seed, verdictOf(r), ...keys.map(k => r.summary[k] ?? null))),
      row("th", "mean", "", "", ...keys.map(k => column(k).length ? mean(column(k)) : null)),
      row("th", "SD", "", "", ...keys.map(k => column(k).length > 1 ? deviation(column(k)) : null)))));
};

// --- learning curve, angles, other metrics --------------------------------------------------------------------------------------

const axisOf = run => ["epoch", "sample", "time_ms"].find(k => new Set((run.metrics[k] ?? []).filter(isNumber)).size > 1) ?? "sample";
const xAxis = axisOf(runs[0]);
const xName = {epoch: "Epoch", sample: "Example", time_ms: "Time (ms)"}[xAxis];
const xOf = run => (run.metrics[xAxis] ?? []).filter(isNumber);
/** Where any of the runs has measured. */
const commonX = several ? [...new Set(runs.flatMap(xOf))].sort((a, b) => a - b) : runs[0].metrics[xAxis] ?? [];
/** A column of metrics.csv at commonX; null where this run did not measure. */
const columnOf = (run, name) => {
  const values = run.metrics[name] ?? [];
  if (!several) return values;
  const at = new Map((run.metrics[xAxis] ?? []).map((x, i) => [x, values[i]]));
  return commonX.map(x => at.get(x) ?? null);
};

/** What stands at the axis of a column of metrics.csv: its name ends in its unit, or it counts, or has none. */
const axisLabel = name => {
  const units = {hz: "Hz", ms: "ms", s: "s", percent: "%", deg: "deg", degrees: "deg", mv: "mV", pa: "pA", ns: "nS", bytes: "bytes"};
  const words = name.split("_"), unit = units[words.at(-1)];
  const what = (unit && words.length > 1 ? words.slice(0, -1) : words).join(" ");
  const counts = ["spikes", "source spikes", "synaptic events", "sample", "epoch"];
  return `${what[0].toUpperCase()}${what.slice(1)} (${words.length > 1 && unit || (counts.includes(what) ? "count" : "1")})`;
};

/** A figure of one column of metrics.csv, transformed: the run, or each run thin and their mean with a band of one SD. */
const metricFigure = (column, title, yLabel, {transform = v => v, log = false, yRange, marks} = {}) => {
  const columns = runs.map(r => columnOf(r, column).map(v => isNumber(v) ? transform(v) : null));
  const all = overRuns(columns);
  const series = several
    ? [...columns.map((values, i) => ({label: `seed ${runs[i].manifest.seed}`, values, colour: "--muted", width: 0.6, unnamed: runs.length > 4, spanGaps: true})),
       {label: `mean of ${runs.length}`, ...all, colour: "--accent", width: 2.2, spanGaps: true}]
    : [{label: yLabel.replace(/ \(.*/, ""), values: columns[0], colour: "--accent", points: commonX.length < 60}];
  const end = columns.map(c => c.filter(isNumber).at(-1)).filter(isNumber);
  return new Figure({
    title, columns: 1,
    caption: several ? `Thin: each run. Thick: mean, with a band of ± 1 SD over ${plural(runs.length, "run")}.`
      : `${plural(columns[0].filter(isNumber).length, "measurement")} of this run.`,
    text: `${title}: ${end.length ? `${short(mean(end))} at the end` : "no data"}`,
    draw: linePlot({x: commonX, series, xLabel: xName, yLabel, log, yRange, marks, empty: "not measured"}),
    csv: () => [[xAxis, ...runs.map(r => r.name), ...(several ? ["mean", "sd"] : [])],
      ...commonX.map((x, i) => [x, ...columns.map(c => c[i] ?? null), ...(several ? [all.values[i], all.high[i] - all.values[i]] : [])])],
  }).node;
};

const learning = () => {
  const present = name => runs.some(r => (r.metrics[name] ?? []).some(isNumber));
  const error = v => 100 * (1 - v);
  const node = section("Learning curve");
  const columns = element("div", {class: "columns"});
  node.append(columns);
  const known = new Set(["epoch", "sample", "time_ms"]);
  if (present("test_accuracy")) columns.append(metricFigure("test_accuracy", "Test error", "Test error (%)", {transform: error}));
  if (present("train_accuracy")) columns.append(metricFigure("train_accuracy", "Training error", "Training error (%)", {transform: error}));
  const errors = [...new Set(runs.flatMap(r => Object.keys(r.metrics)))].filter(n => n.endsWith("_error_percent") && present(n));
  for (const name of errors) {
    const what = name.replace(/_error_percent$/, "");
    const title = `${what[0].toUpperCase()}${what.slice(1)} error`;
    columns.append(metricFigure(name, title, `${title} (%)`));
  }
  if (present("loss")) columns.append(metricFigure("loss", "Loss", "Loss (1)"));
  if (present("cost")) columns.append(metricFigure("cost", "Cost", "Cost (1)"));
  for (const name of ["test_accuracy", "train_accuracy", "loss", "cost", ...errors]) known.add(name);
  const rest = [...new Set(runs.flatMap(r => Object.keys(r.metrics)))].filter(n => !known.has(n) && !n.startsWith("angle_") &&
    !/_(00|10|01|11)(_hz)?$/.test(n) && present(n));
  if (rest.length) {
    const place = element("div");
    const show = i => place.replaceChildren(metricFigure(rest[i], `Metric: ${rest[i]}`, axisLabel(rest[i])));
    columns.append(element("div", {}, element("div", {class: "controls"}, chooser("Other metric", rest, show)), place));
    show(0);
  }
  if (!columns.childElementCount) node.append(note("This run measured no metric over time."));
};

const angles = () => {
  const names = [...new Set(runs.flatMap(r => Object.keys(r.metrics)))].filter(n => n.startsWith("angle_"));
  if (!names.length) return;
  const words = {bp: "ANN-BP angle", fa: "ANN-FA angle", wy: "WY angle", qy: "QY angle"};
  const columns = element("div", {class: "columns"});
  section("Angles").append(columns);
  for (const name of names) {
    const [, kind, ...layer] = name.replace(/_deg$/, "").split("_");
    const title = (words[kind] ?? `${kind} angle`) + (layer.length ? `, ${layer.join(" ")}` : "");
    columns.append(metricFigure(name, title, `${words[kind] ?? kind} (deg)`, {yRange: [0, 180], marks: [{value: 90, label: "90"}]}));
  }
};

// --- the task's own plot --------------------------------------------------------------------------------------------------------

const patterns = ["00", "10", "01", "11"];
const xorPlot = () => {
  if (!runs.some(r => (r.metrics.event_rate_00_hz ?? []).some(isNumber))) return;
  const node = section("The four patterns");
  const columns = element("div", {class: "columns"});
  node.append(columns);
  const n = commonX.length, picks = [...new Set([0, Math.floor((n - 1) / 2), n - 1])];
  const when = k => `after ${xName.toLowerCase()} ${commonX[k]}`;
  const bars = (stem, unit, title, yLabel, factor, marks) => {
    const value = (p, k) => {
      const v = runs.map(r => columnOf(r, `${stem}_${p}${unit}`)[k]).filter(isNumber);
      return v.length ? factor * mean(v) : null;
    };
    columns.append(new Figure({
      title, columns: 1,
      caption: `Tests without teacher${several ? `, mean of ${plural(runs.length, "run")}` : ""}; inputs (a,b). ` +
        (marks?.length ? "Dotted: the decision threshold; the wanted answers are below, above, above, below it." : ""),
      text: `${title}: ${patterns.map(p => `(${p[0]},${p[1]}) ${short(value(p, n - 1))}`).join(", ")} at the end`,
      draw: linePlot({
        x: patterns.map((_, i) => i), xTicks: patterns.map(p => `(${p[0]},${p[1]})`), xRange: [-0.5, 3.5],
        series: picks.map((k, i) => ({label: when(k), values: patterns.map(p => value(p, k)), colour: colourOf(i), dash: dashes[i],
                                      points: true, width: i === picks.length - 1 ? 2.2 : 1.2})),
        xLabel: "Input pattern (a,b)", yLabel, marks, empty: "not measured"}),
      csv: () => [["pattern", ...picks.map(when)], ...patterns.map(p => [p, ...picks.map(k => value(p, k))])],
    }).node);
  };
  const threshold = runs[0].summary.decision_threshold_hz;
  bars("event_rate", "_hz", "Answer of the output", "Event rate (Hz)", 1, isNumber(threshold) ? [{value: threshold, label: "threshold"}] : []);
  bars("burst_probability", "", "Burst probability of the output", "Burst prob. (%)", 100);
};

const confusionPlot = () => {
  const run = runs.find(r => r.confusion);
  if (!run) return;
  const {classes, counts} = run.confusion;
  const sums = counts.map(row => row.reduce((a, b) => a + b, 0));
  const share = counts.map((row, i) => row.map(v => sums[i] ? 100 * v / sums[i] : null));
  const ticks = classes.map((name, i) => ({at: (i + 0.5) / classes.length, text: name}));
  section("Confusion matrix").append(new Figure({
    title: "Confusion matrix", caption: `${several ? `${run.name}. ` : ""}Counts, and percent of the row: how examples of a class were ` +
      "classified. The diagonal is right.",
    text: `Confusion matrix: ${classes.map((c, i) => `${c} ${short(share[i][i])} % right`).join(", ")}`,
    draw: matrixPlot({values: share, colours: sequential(0, 100), text: (v, i, j) => `${counts[i][j]}\n${v === null ? "" : Math.round(v)}`,
                      tell: (i, j) => `${classes[i]} taken for ${classes[j]}: ${counts[i][j]} (${share[i][j] === null ? "–" : `${short(share[i][j])} %`})`,
                      xLabel: "Predicted class", yLabel: "True class", xTicks: ticks, yTicks: ticks}),
    csv: () => [["true", "predicted", "count"], ...counts.flatMap((row, i) => row.map((v, j) => [classes[i], classes[j], v]))],
  }).node);
};

// --- raster ---------------------------------------------------------------------------------------------------------------------

/** Undoes the packing of report.cpp: numbers of 7 bits a byte, the lowest first. Returns what reads the next one. */
const packed = base64 => {
  const text = atob(base64);
  let at = 0;
  return () => {
    let value = 0, scale = 1;
    for (;;) {
      const byte = text.charCodeAt(at++);
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
  };
};

/** The spikes: each the time since the last one, and row * 3 + kind. */
const unpack = raster => {
  const time = new Float64Array(raster.shown), row = new Uint32Array(raster.shown), kind = new Uint8Array(raster.shown);
  const next = packed(raster.spikes);
  let now = 0;
  for (let i = 0; i < raster.shown; ++i) {
    now += next();
    const code = next();
    time[i] = now * raster.unit_ms;
    row[i] = Math.floor(code / 3);
    kind[i] = code % 3;
  }
  return {time, row, kind};
};

/** The counts of the whole run: for each cell that has any the number of cells passed over, its events and its bursts. */
const unpackCounts = ({columns, rows, cells, counts}) => {
  const events = new Uint32Array(columns * rows), bursts = new Uint32Array(columns * rows);
  const next = packed(counts);
  let at = 0;
  for (let i = 0; i < cells; ++i, ++at) {
    at += next();
    events[at] = next();
    bursts[at] = next();
  }
  return {columns, rows, events, bursts};
};

const lowerBound = (array, value) => {
  let low = 0, high = array.length;
  while (low < high) { const middle = (low + high) >> 1; if (array[middle] < value) low = middle + 1; else high = middle; }
  return low;
};

const rasterFigure = (run, place) => {
  const r = run.raster;
  if (!r) { place.replaceChildren(note("This run recorded no spikes.")); return; }
  const {time, row, kind} = unpack(r);
  const picture = r.whole && unpackCounts(r.whole);
  const rows = r.populations.reduce((n, p) => n + p.size, 0);
  const whole = [r.start_ms, Math.max(r.stop_ms, r.start_ms + 1)];
  const lastWindow = r.recorded.length ? [r.recorded.at(-1).from, r.recorded.at(-1).to] : r.windows.at(-1);
  const stretch = Math.min(2000, lastWindow[1] - lastWindow[0] || 1);
  let view = [lastWindow[1] - stretch, lastWindow[1]];
  const seconds = () => view[1] - view[0] > 5000;
  const count = () => lowerBound(time, view[1]) - lowerBound(time, view[0]);
  /** Whether the page holds each spike of what is shown; else it has counts. */
  const exact = () => !picture || r.windows.some(w => view[0] >= w[0] - 1e-6 && view[1] <= w[1] + 1e-6);
  const parts = r.windows.map(w => `${short(w[0])} to ${short(w[1])} ms`).join(" and ");
  const thinned = !picture ? "" : ` Thinned: of the ${r.total} spikes recorded, this page keeps ${r.shown} one by one, those from ${parts}, and of ` +
    `the whole run how many there were in each of ${picture.columns} by ${picture.rows} cells. All are in spikes.h5.`;
  const colours = "Blue: events (isolated spikes and first ones of bursts). ";
  const partName = p => p.epoch ? `training, epoch ${p.epoch}` : "test";
  const recorded = r.recorded.length === 0 ? "" : ` Only parts were recorded: ${r.recorded.map(p =>
    `${short(p.from)} to ${short(p.to)} ms (${partName(p)})`).join(", ")}.`;
  const sources = r.populations.filter(p => p.source).reduce((n, p) => n + p.size, 0);
  const who = [rows > sources && plural(rows - sources, "neuron"), sources && plural(sources, "source")].filter(Boolean).join(" and ");
  const describe = () => (exact() ? `${count()} of ${r.total} recorded spikes, of ${who}. ${colours}` +
      "Orange and taller: bursts, at their second spike; thin orange: their further spikes."
    : `${r.total} recorded spikes, of ${who}, drawn as counts in cells of ${short((whole[1] - whole[0]) / picture.columns)} ms by ` +
      `${short(rows / picture.rows)} rows, the stronger the more. ${colours}Orange: bursts.`) + recorded + thinned;

  const draw = (where, width, font) => {
    const left = Math.min(font * 9, width / 3), right = font * 2.2, bottom = font * 3;
    const height = Math.max(120, Math.min(560, rows * 3));
    const {canvas, c} = canvasIn(where, width, height + bottom + 6, font);
    const box = {left, top: 4, width: width - left - right, height};
    const x = t => box.left + (t - view[0]) / (view[1] - view[0]) * box.width;
    const step = height / Math.max(rows, 1);
    let base = 0;
    c.textAlign = "right";
    let labelled = -Infinity;
    for (const p of r.populations) {
      const top = box.top + base * step, middle = top + p.size * step / 2;
      c.strokeStyle = css("--grid"); c.lineWidth = 1;
      c.beginPath(); c.moveTo(box.left, Math.round(top) + 0.5); c.lineTo(box.left + box.width, Math.round(top) + 0.5); c.stroke();
      if (middle - labelled > font) {
        c.fillStyle = css("--text");
        let label = p.name;
        while (label.length > 4 && c.measureText(label).width > left - 22) label = `${label.slice(0, -2)}…`;
        c.fillText(label, box.left - 5, middle);
        labelled = middle;
      }
      base += p.size;
    }
    if (exact()) ticks(c, box, lowerBound(time, view[0]), lowerBound(time, view[1]), step, x);
    else dense(c, box);
    const unit = seconds() ? 1000 : 1;
    axes(c, box, font, {xRange: view.map(v => v / unit), xLabel: seconds() ? "Time (s)" : "Time (ms)"});
    c.save();
    c.textAlign = "center"; c.translate(font * 0.8, box.top + height / 2); c.rotate(-Math.PI / 2);
    c.fillStyle = css("--text"); c.fillText("Neuron", 0, 0);
    c.restore();
    if (!time.length) {
      c.fillStyle = css("--muted"); c.textAlign = "center";
      c.fillText("no spikes", box.left + box.width / 2, box.top + height / 2);
    }
    if (font === 12) drag(canvas, box);
    return {destroy: () => canvas.remove()};
  };
  const ticks = (c, box, from, to, step, x) => {
    // A burst's tick is taller than its row; rows thinner than a pixel still show.
    for (const [k, colour, tall, wide] of [[0, "--event", 0.9, 1], [2, "--burst", 0.6, 0.7], [1, "--burst", 1.7, 1.3]]) {
      const length = Math.max(step, 1.2) * tall;
      c.strokeStyle = css(colour); c.lineWidth = wide;
      c.beginPath();
      for (let i = from; i < to; ++i) {
        if (kind[i] !== k) continue;
        const px = x(time[i]), py = box.top + (row[i] + 0.5) * step;
        c.moveTo(px, Math.max(box.top, py - length / 2));
        c.lineTo(px, Math.min(box.top + box.height, py + length / 2));
      }
      c.stroke();
    }
  };
  const dense = (c, box) => {
    const {columns, rows: h, events, bursts} = picture;
    const column = t => (t - whole[0]) / (whole[1] - whole[0]) * columns;
    const from = Math.max(0, Math.floor(column(view[0]))), to = Math.min(columns, Math.ceil(column(view[1])));
    const w = to - from;
    const drawing = element("canvas", {"data-plain": "1"});
    drawing.width = w; drawing.height = h;
    const p = drawing.getContext("2d"), image = p.createImageData(w, h);
    const [blue, orange] = [rgb("--event"), rgb("--burst")];
    // The more spikes a cell has, the stronger it is; but for one in a hundred, that rare crowds do not make all others pale.
    const counts = events.map((n, i) => n + bursts[i]).filter(n => n).sort();
    const most = counts[Math.floor(0.99 * counts.length)];
    for (let i = 0; i < h; ++i) {
      for (let k = 0; k < w; ++k) {
        const at = i * columns + from + k, n = events[at] + bursts[at];
        if (n) image.data.set([...mix(blue, orange, bursts[at] / n), 60 + 195 * Math.min(1, n / most)], 4 * (i * w + k));
      }
    }
    p.putImageData(image, 0, 0);
    c.save();
    c.beginPath(); c.rect(box.left, box.top, box.width, box.height); c.clip();
    c.imageSmoothingEnabled = false;
    const scale = box.width / (column(view[1]) - column(view[0]));
    c.drawImage(drawing, box.left + (from - column(view[0])) * scale, box.top, w * scale, box.height);
    c.restore();
  };
  const drag = (canvas, box) => {
    let start = null;
    const at = event => Math.max(0, Math.min(1, (event.offsetX - box.left) / box.width));
    const mark = element("div", {class: "u-select", style: "display:none"});
    canvas.parentElement.append(mark);
    canvas.addEventListener("pointerdown", event => { start = at(event); canvas.setPointerCapture(event.pointerId); });
    canvas.addEventListener("pointermove", event => {
      if (start === null) return;
      const [a, b] = [Math.min(start, at(event)), Math.max(start, at(event))];
      mark.style = `left:${box.left + a * box.width}px;width:${(b - a) * box.width}px;top:${box.top}px;height:${box.height}px`;
    });
    canvas.addEventListener("pointerup", event => {
      const [a, b] = [Math.min(start, at(event)), Math.max(start, at(event))], [from, to] = view;
      start = null;
      if (b - a > 0.01) show([from + a * (to - from), from + b * (to - from)]);
      else mark.style.display = "none";
    });
    canvas.addEventListener("dblclick", () => show(whole));
  };
  const figure = new Figure({
    title: several ? `Spikes of ${run.name}` : "Spikes", caption: describe(), draw,
    text: `Raster of ${r.total} spikes of ${who} in ${r.populations.map(p => p.name).join(", ")}`,
    csv: () => {
      const names = [], first = [];
      let base = 0;
      for (const p of r.populations) { names.push(p.name); first.push(base); base += p.size; }
      const lines = [["population", "node_id", "time_ms", "kind"]], [from, to] = view.map(v => lowerBound(time, v));
      for (let i = from; i < to; ++i) {
        let p = first.length - 1;
        while (first[p] > row[i]) --p;
        lines.push([names[p], row[i] - first[p], time[i].toFixed(2), ["event", "burst", "further"][kind[i]]]);
      }
      return lines;
    },
  });
  const show = range => { view = range; figure.redraw(); figure.caption = describe(); };
  const jump = (label, act) => element("button", {type: "button", onclick: () => show(act())}, label);
  const parted = r.recorded.map(p => jump(partName(p), () => [p.from, p.to]));
  const shift = by => () => {
    const length = view[1] - view[0], from = Math.max(whole[0], Math.min(whole[1] - length, view[0] + by * length));
    return [from, from + length];
  };
  place.replaceChildren(
    element("div", {class: "controls"}, jump("Whole run", () => whole), r.recorded.length ? null : jump(`First ${short(stretch)} ms`, () => [whole[0], whole[0] + stretch]),
      r.recorded.length ? null : jump(`Last ${short(stretch)} ms`, () => [whole[1] - stretch, whole[1]]), ...parted,
      jump("← Earlier", shift(-0.8)), jump("Later →", shift(0.8)), element("span", {class: "muted screen"}, "Drag over the plot to look closer; a double click shows the whole run.")),
    figure.node);
};

const rasters = () => {
  const node = section("Spikes, events and bursts");
  const place = element("div");
  const show = i => rasterFigure(runs[i], place);
  const choice = chooser("Run", runs.map(r => r.name), show);
  add(node, choice && element("div", {class: "controls"}, choice), place);
  show(0);
};

// --- rates and burst probability ------------------------------------------------------------------------------------------------

const rates = () => {
  const node = section("Rates and burst probability");
  const names = [...new Set(runs.flatMap(r => r.traces.map(t => t.population)))];
  if (!names.length) { node.append(note("No run recorded traces of its populations.")); return; }
  const place = element("div");
  const show = i => {
    const recorded = runs.map(r => r.traces.find(t => t.population === names[i])).filter(Boolean);
    const longest = recorded.reduce((a, b) => b.event_rate.length > a.event_rate.length ? b : a);
    const traces = recorded.filter(t => t.dt_ms === longest.dt_ms);  // bins of other lengths do not compare
    const x = longest.event_rate.map((_, k) => (longest.t_start_ms + (k + 0.5) * longest.dt_ms) / 1000);
    const of = get => {
      const all = overRuns(traces.map(get));
      return several ? all : {values: all.values};
    };
    const ratio = t => t.event_rate.map((e, k) => e > 0 ? 100 * t.burst_rate[k] / e : null);
    const [event, burst, probability] = [of(t => t.event_rate), of(t => t.burst_rate), of(ratio)];
    const silent = ![...event.values, ...burst.values].some(v => v > 0);
    const p0 = Number(keysOf(runs[0].resolved).get("neuron.p0"));
    const known = runs[0].raster?.populations.find(p => p.name === names[i]);
    const how = `Population ${names[i]}${known ? `, ${plural(known.size, known.source ? "source" : "neuron")}` : ""}; bins of ${short(longest.dt_ms)} ms` +
      (longest.joined > 1 ? ` (${longest.joined} recorded bins joined)` : "") +
      (longest.last_bin_ms < longest.dt_ms ? `, the last of ${short(longest.last_bin_ms)} ms` : "") + (several ? `; mean ± SD of ${traces.length} runs.` : ".");
    const end = values => short(values.filter(isNumber).at(-1) ?? null);
    place.replaceChildren(
      new Figure({title: "Event and burst rate", caption: `${how} An event is an isolated spike or the first of a burst.`,
                  text: `Event rate ${end(event.values)} Hz, burst rate ${end(burst.values)} Hz at the end`,
                  draw: linePlot({x, series: silent ? [] : [{label: "events", ...event, colour: "--event"},
                                                           {label: "bursts", ...burst, colour: "--burst", dash: dashes[1]}],
                                  xLabel: "Time (s)", yLabel: "Rate (Hz)", empty: "no spikes"}),
                  csv: () => [["time_s", "event_rate_hz", "burst_rate_hz"], ...x.map((t, k) => [t, event.values[k], burst.values[k]])]}).node,
      new Figure({title: "Burst probability", caption: `${how} Bursts over events of a bin; a gap where there was no event.`,
                  text: `Burst probability ${end(probability.values)} percent at the end`,
                  draw: linePlot({x, series: silent ? [] : [{label: "burst probability", ...probability, colour: "--probability"}],
                                  xLabel: "Time (s)", yLabel: "Burst prob. (%)", empty: "no spikes",
                                  marks: isNumber(p0) ? [{value: 100 * p0, label: "baseline", colour: "--baseline"}] : []}),
                  csv: () => [["time_s", "burst_probability_percent"], ...x.map((t, k) => [t, probability.values[k]])]}).node);
  };
  const preferred = Math.max(0, names.indexOf("output"));
  const choice = chooser("Population", names, show);
  if (choice) choice.querySelector("select").value = preferred;
  add(node, choice && element("div", {class: "controls"}, choice), place);
  show(preferred);
};

// --- weights --------------------------------------------------------------------------------------------------------------------

const weights = () => {
  const node = section("Weights");
  const owners = runs.filter(r => r.weights.length);
  if (!owners.length) { node.append(note("No run recorded weights.")); return; }
  const place = element("div", {class: "columns"});
  let run = owners[0], which = 0;
  const show = () => {
    const w = run.weights[Math.min(which, run.weights.length - 1)], last = w.last;
    const limit = Math.max(1e-12, ...last.values.flat().filter(isNumber).map(Math.abs));
    const ticks = (n, block) => [0, 0.5, 1].map(at => ({at, text: String(Math.round(at * n * block))}));
    const centres = w.histogram.edges.slice(1).map((e, i) => (e + w.histogram.edges[i]) / 2);
    const seconds = w.time_ms.map(t => t / 1000);
    const unit = w.units === "1" || w.units === "" ? "" : ` (${w.units})`;
    place.replaceChildren(
      new Figure({title: `Weights of ${w.projection}`, columns: 1,
                  caption: `The last of ${plural(w.time_ms.length, "snapshot")}, ${w.targets} targets by ${w.sources} sources` +
                    (last.block > 1 ? `; a cell is the mean of ${last.block} by ${last.block} weights` : "") +
                    ". Blue negative, orange positive" + (last.sparse ? ", grey no synapse." : "."),
                  text: `Weight matrix, mean ${short(w.mean.at(-1))}${unit}`,
                  draw: matrixPlot({values: last.values, colours: diverging(limit), xLabel: "Source", yLabel: "Target",
                                    xTicks: ticks(last.values[0]?.length ?? 0, last.block), yTicks: ticks(last.values.length, last.block),
                                    scale: {range: [-limit, limit]},
                                    tell: (i, j) => `target ${i * last.block}, source ${j * last.block}: ${short(last.values[i][j])}`}),
                  csv: () => [["target", "source", "weight"],
                    ...last.values.flatMap((r, i) => r.map((v, j) => [i * last.block, j * last.block, v]))]}).node,
      new Figure({title: `Distribution, ${w.projection}`, columns: 1, caption: "Weights in 40 bins of equal width, at the first and the last snapshot.",
                  text: "Histogram of the weights",
                  draw: linePlot({x: centres, series: [{label: "first", values: w.histogram.first, colour: "--muted", steps: true, dash: dashes[1]},
                                                       {label: "last", values: w.histogram.last, colour: "--accent", steps: true, width: 2}],
                                  xLabel: `Weight${unit}`, yLabel: "Synapses", empty: "no synapses"}),
                  csv: () => [["weight", "first", "last"], ...centres.map((c, i) => [c, w.histogram.first[i], w.histogram.last[i]])]}).node,
      new Figure({title: `Over time, ${w.projection}`, columns: 1, caption: "Mean of all weights, with a band of ± 1 SD over synapses.",
                  text: `Mean weight from ${short(w.mean[0])} to ${short(w.mean.at(-1))}`,
                  draw: linePlot({x: seconds, series: [{label: "mean", values: w.mean, low: w.mean.map((m, i) => m - w.sd[i]),
                                                        high: w.mean.map((m, i) => m + w.sd[i]), colour: "--accent"}],
                                  xLabel: "Time (s)", yLabel: `Weight${unit}`, empty: "no snapshot"}),
                  csv: () => [["time_s", "mean", "sd"], ...seconds.map((t, i) => [t, w.mean[i], w.sd[i]])]}).node);
  };
  const controls = element("div", {class: "controls"});
  add(controls, chooser("Run", owners.map(r => r.name), i => { run = owners[i]; show(); }),
    chooser("Projection", run.weights.map(w => w.projection), i => { which = i; show(); }));
  add(node, controls, place);
  show();
};

// --- parameters, provenance -----------------------------------------------------------------------------------------------------

/** The keys of a resolved configuration, "table.key", with their values as text. */
const keysOf = resolved => {
  const keys = new Map();
  let table = "";
  for (const line of resolved.split("\n")) {
    const head = line.match(/^\s*\[+([^\]]+)\]+/), pair = line.match(/^\s*([\w-]+)\s*=\s*(.*?)\s*(#.*)?$/);
    if (head) table = `${head[1]}.`;
    else if (pair) keys.set(table + pair[1], pair[2]);
  }
  return keys;
};

const parameters = () => {
  const node = section("Parameters");
  if (several) {
    const all = runs.map(r => keysOf(r.resolved));
    const differing = [...new Set(all.flatMap(k => [...k.keys()]))].filter(k => new Set(all.map(m => m.get(k))).size > 1);
    node.append(differing.length ? element("div", {class: "scroll"}, element("table", {},
      element("thead", {}, element("tr", {}, element("th", {}, "differs between runs"), ...runs.map(r => element("th", {}, r.name)))),
      element("tbody", {}, ...differing.map(k => element("tr", {}, element("td", {}, k), ...all.map(m => element("td", {}, m.get(k) ?? "–")))))))
      : note("All runs have the same parameters."));
  }
  for (const r of runs) {
    node.append(element("details", {}, element("summary", {}, several ? `All parameters of ${r.name}` : "All parameters, with unit and origin"),
      element("pre", {}, r.resolved || "config.resolved.toml is missing")));
  }
};

const provenance = () => {
  const node = section("Provenance");
  for (const r of runs) {
    const facts = Object.entries(r.manifest).filter(([key, value]) => key !== "files" && key !== "inputs" && value !== null);
    for (const file of r.manifest.inputs ?? []) facts.push(["read", `${file.name}, ${file.bytes} bytes, SHA-256 ${file.sha256}`]);
    node.append(element("details", {open: !several}, element("summary", {}, several ? r.name : "Where these results come from"),
      element("div", {class: "scroll"}, element("table", {}, element("tbody", {},
        ...facts.map(([key, value]) => element("tr", {}, element("th", {}, key.replaceAll("_", " ")), element("td", {}, String(value)))))))));
  }
  node.append(note(`Report made by ${program}. Repeat a run: apical run config.resolved.toml, in its folder.`));
};

head();
learning();
xorPlot();
confusionPlot();
rasters();
rates();
weights();
angles();
parameters();
provenance();
