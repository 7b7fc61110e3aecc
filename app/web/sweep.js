"use strict";
// The page of `apical sweep collect`: one measure over the swept keys, as lines or as a map.

const {program, name, points, keys, columns, rows} = JSON.parse(document.getElementById("data").textContent);
const page = document.getElementById("page");
document.title = `Sweep ${name}`;
page.append(element("h1", {}, document.title), element("p", {class: "verdict"}, `${rows.length} of ${points} points are done.`));

const column = n => columns.indexOf(n);
const measures = columns.filter(c => c !== "index" && c !== "seed" && !keys.includes(c) && rows.some(r => typeof r[column(c)] === "number"));
const distinct = key => [...new Set(rows.map(r => r[column(key)]))].sort((a, b) => typeof a === "number" && typeof b === "number" ? a - b
  : String(a).localeCompare(String(b)));
const varying = keys.filter(k => distinct(k).length > 1);
const mean = v => v.reduce((a, b) => a + b, 0) / v.length;
const deviation = v => v.length > 1 ? Math.sqrt(v.reduce((a, x) => a + (x - mean(v)) ** 2, 0) / (v.length - 1)) : 0;
const valuesAt = (measure, conditions) => rows.filter(r => conditions.every(([k, v]) => r[column(k)] === v)).map(r => r[column(measure)])
  .filter(v => typeof v === "number");

const shownFirst = ["test_error_percent", "mean_squared_error"].find(m => measures.includes(m)) ?? measures.find(m => distinct(m).length > 1)
  ?? measures[0];
const state = {measure: shownFirst, x: varying[0], y: varying[1]};
const place = element("div");
const select = (label, key, names) => {
  const node = element("select", {"aria-label": label}, ...names.map(n => element("option", {value: n, selected: n === state[key]}, n)));
  node.addEventListener("change", () => { state[key] = node.value; show(); });
  return element("label", {}, `${label} `, node);
};

const lines = () => {
  const grid = state.x ? distinct(state.x) : ["all"];
  const at = grid.map(v => valuesAt(state.measure, state.x ? [[state.x, v]] : []));
  const numbers = grid.every(v => typeof v === "number");
  const m = at.map(v => v.length ? mean(v) : null), sd = at.map(deviation);
  return new Figure({
    title: `${state.measure} over ${state.x ?? "all points"}`,
    caption: "Mean of all points with that value, with a band of ± 1 SD.", text: `${state.measure} over ${state.x}`,
    draw: linePlot({x: numbers ? grid : grid.map((_, i) => i), xTicks: numbers ? undefined : grid.map(String),
                    series: [{label: "mean", values: m, low: m.map((v, i) => v === null ? null : v - sd[i]), high: m.map((v, i) => v === null ? null : v + sd[i]),
                              colour: "--accent", points: true}], xLabel: state.x ?? "", yLabel: state.measure, empty: "no point is done"}),
    csv: () => [[state.x ?? "all", "mean", "sd", "n"], ...grid.map((v, i) => [v, m[i], sd[i], at[i].length])],
  });
};

const map = () => {
  const [gx, gy] = [distinct(state.x), distinct(state.y)];
  const cells = gy.map(y => gx.map(x => { const v = valuesAt(state.measure, [[state.x, x], [state.y, y]]); return v.length ? mean(v) : null; }));
  const all = cells.flat().filter(v => v !== null), range = all.length ? [Math.min(...all), Math.max(...all)] : [0, 1];
  return new Figure({
    title: `${state.measure} over ${state.x} and ${state.y}`, caption: "Mean of all points with these two values; grey where none is done.",
    text: `Map of ${state.measure}`,
    draw: matrixPlot({values: [...cells].reverse(), colours: sequential(...range), text: v => v === null ? "" : short(v), square: false,
                      xLabel: state.x, yLabel: state.y, scale: {range},
                      xTicks: gx.map((v, i) => ({at: (i + 0.5) / gx.length, text: String(v)})),
                      yTicks: gy.map((v, i) => ({at: 1 - (i + 0.5) / gy.length, text: String(v)}))}),
    csv: () => [[state.x, state.y, state.measure], ...gy.flatMap((y, j) => gx.map((x, i) => [x, y, cells[j][i]]))],
  });
};

const show = () => place.replaceChildren(...(state.measure ? [lines().node] : [element("p", {}, "No point is done.")]),
  ...(state.measure && state.x && state.y && state.x !== state.y ? [map().node] : []));
page.append(element("div", {class: "controls"}, ...(measures.length ? [select("Measure", "measure", measures)] : []),
  ...(varying.length ? [select("Across", "x", varying)] : []), ...(varying.length > 1 ? [select("Up", "y", varying)] : [])), place);
show();

page.append(element("h2", {}, "All points"), element("div", {class: "scroll"}, element("table", {},
  element("thead", {}, element("tr", {}, ...columns.map(c => element("th", {}, c.replaceAll("_", " "))))),
  element("tbody", {}, ...rows.map(r => element("tr", {}, ...r.map(v => element("td", {class: typeof v === "number" ? "number" : ""},
    typeof v === "number" ? short(v) : v ?? "–"))))))), element("p", {class: "muted"}, `Made by ${program}.`));
