"use strict";
// What the pages draw with: line plots by uPlot, rasters and matrices on a canvas of their own. Every plot is made by one function
// of a place and a size, so that the exported SVG is the same drawing, written down instead of painted.

const css = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const paint = colour => colour.startsWith("--") ? css(colour) : colour;
const element = (tag, attributes = {}, ...children) => {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) e.addEventListener(name.slice(2), value);
    else if (value !== false && value !== null && value !== undefined) e.setAttribute(name, value === true ? "" : value);
  }
  e.append(...children.filter(c => c !== null && c !== undefined));
  return e;
};
/** A number for people: four digits, and a minus sign that is one. */
const short = x => x === null || x === undefined || Number.isNaN(x) ? "–"
  : (Number.isSafeInteger(x) ? String(x) : String(Number(x.toPrecision(4)))).replaceAll("-", "−");

// --- SVG: the canvas's methods, written down ------------------------------------------------------------------------------------

class SvgPath {
  constructor(other) { this.d = other ? other.d : ""; }
  put(...words) { this.d += words.map(w => typeof w === "number" ? +w.toFixed(2) : w).join(" ") + " "; }
  moveTo(x, y) { this.put("M", x, y); }
  lineTo(x, y) { this.put(this.d ? "L" : "M", x, y); }
  rect(x, y, w, h) { this.put("M", x, y, "h", w, "v", h, "h", -w, "Z"); }
  bezierCurveTo(a, b, c, d, x, y) { this.put("C", a, b, c, d, x, y); }
  quadraticCurveTo(a, b, x, y) { this.put("Q", a, b, x, y); }
  closePath() { this.put("Z"); }
  addPath(path) { this.d += path.d; }
  arc(x, y, r, from, to) {
    if (to - from > 6.28) {  // a circle in two halves
      this.put("M", x - r, y, "a", r, r, 0, 1, 0, 2 * r, 0, "a", r, r, 0, 1, 0, -2 * r, 0, "Z");
      return;
    }
    const end = a => [x + r * Math.cos(a), y + r * Math.sin(a)];
    this.put(this.d ? "L" : "M", ...end(from), "A", r, r, 0, to - from > Math.PI ? 1 : 0, 1, ...end(to));
  }
}

const ruler = element("canvas", {"data-plain": "1"}).getContext("2d");  // knows how wide a text is

class SvgContext {
  constructor(canvas) {
    this.canvas = canvas;
    this.out = [];
    this.state = {fillStyle: "#000", strokeStyle: "#000", lineWidth: 1, font: "10px sans-serif", textAlign: "start",
                  textBaseline: "alphabetic", globalAlpha: 1, lineCap: "butt", lineJoin: "miter", dash: [], dashOffset: 0,
                  transform: "", clip: ""};
    for (const name of Object.keys(this.state).filter(n => !["dash", "transform", "clip"].includes(n)).concat("lineDashOffset")) {
      Object.defineProperty(this, name, {get: () => this.state[name], set: value => { this.state[name] = value; }});
    }
    this.stack = [];
    this.path = new SvgPath();
  }
  save() { this.stack.push({...this.state}); }
  restore() { if (this.stack.length) this.state = this.stack.pop(); }
  translate(x, y) { this.state.transform += `translate(${+x.toFixed(2)} ${+y.toFixed(2)}) `; }
  rotate(a) { this.state.transform += `rotate(${+(a * 180 / Math.PI).toFixed(3)}) `; }
  scale(x, y) { this.state.transform += `scale(${x} ${y}) `; }
  setTransform() { this.state.transform = ""; }
  beginPath() { this.path = new SvgPath(); }
  setLineDash(dash) { this.state.dash = dash; }
  getLineDash() { return this.state.dash; }
  measureText(text) { ruler.font = this.state.font; return ruler.measureText(text); }
  clearRect() {}
  attributes() {
    const s = this.state;
    return (s.transform ? ` transform="${s.transform.trim()}"` : "") + (s.clip ? ` clip-path="url(#${s.clip})"` : "") +
      (s.globalAlpha < 1 ? ` opacity="${s.globalAlpha}"` : "");
  }
  clip(path = this.path) {
    const id = `clip${SvgContext.clips++}`;  // of its own even where drawings are put together
    this.out.push(`<clipPath id="${id}"><path d="${path.d}"/></clipPath>`);
    this.state.clip = id;  // the innermost is enough: uPlot and the plots here nest no smaller one
  }
  fill(path) {
    const d = (path instanceof SvgPath ? path : this.path).d;
    if (d) this.out.push(`<path d="${d}" fill="${this.state.fillStyle}"${this.attributes()}/>`);
  }
  stroke(path) {
    const d = (path instanceof SvgPath ? path : this.path).d, s = this.state;
    if (!d || !s.lineWidth) return;
    this.out.push(`<path d="${d}" fill="none" stroke="${s.strokeStyle}" stroke-width="${s.lineWidth}"` +
      (s.dash.length ? ` stroke-dasharray="${s.dash.join(" ")}"` : "") + `${this.attributes()}/>`);
  }
  fillRect(x, y, w, h) { const p = new SvgPath(); p.rect(x, y, w, h); this.fill(p); }
  strokeRect(x, y, w, h) { const p = new SvgPath(); p.rect(x, y, w, h); this.stroke(p); }
  fillText(text, x, y) {
    const s = this.state;
    const anchor = {start: "start", left: "start", center: "middle", end: "end", right: "end"}[s.textAlign];
    const size = parseFloat(s.font.match(/([\d.]+)px/)?.[1] ?? "10");
    const shift = {top: 0.8, hanging: 0.8, middle: 0.35, alphabetic: 0, bottom: -0.2}[s.textBaseline] * size;
    const weight = /bold|[67]00/.test(s.font) ? ' font-weight="bold"' : "";
    const safe = String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;");
    this.out.push(`<text x="${+x.toFixed(2)}" y="${+(y + shift).toFixed(2)}" font-family="Helvetica, Arial, sans-serif" ` +
      `font-size="${size}"${weight} text-anchor="${anchor}" fill="${s.fillStyle}"${this.attributes()}>${safe}</text>`);
  }
  drawImage(image, x, y, w = image.width, h = image.height) {
    this.out.push(`<image x="${x}" y="${y}" width="${w}" height="${h}" preserveAspectRatio="none" ` +
      `image-rendering="pixelated" href="${image.toDataURL("image/png")}"${this.attributes()}/>`);
  }
  svg(width, height, mm) {
    return `<svg xmlns="http://www.w3.org/2000/svg" width="${mm}mm" height="${+(mm * height / width).toFixed(2)}mm" ` +
      `viewBox="0 0 ${width} ${height}"><rect width="100%" height="100%" fill="#fff"/>\n${this.out.join("\n")}\n</svg>\n`;
  }
}

SvgContext.clips = 0;
for (const step of ["moveTo", "lineTo", "rect", "arc", "bezierCurveTo", "quadraticCurveTo", "closePath"]) {
  SvgContext.prototype[step] = function (...where) { this.path[step](...where); };
}

const download = (name, type, content) => {
  const url = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], {type}));
  const link = element("a", {href: url, download: name});
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
};

const csvText = rows => rows.map(row => row.map(v => v === null || v === undefined || Number.isNaN(v) ? ""
  : /[",\n]/.test(v) ? `"${String(v).replaceAll('"', '""')}"` : v).join(",")).join("\n") + "\n";

// --- a figure: title, plot, caption, buttons ------------------------------------------------------------------------------------

const redrawAll = () => document.querySelectorAll("figure").forEach(node => node.figure.redraw());
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redrawAll);
// Print shows the drawings that SVG exports: they are as wide as the paper leaves, whatever the window was. All in one turn, for the
// browser lays the paper out when it ends; that figures are narrower then does not draw them anew.
let printing = false;
addEventListener("beforeprint", async () => {
  printing = true;
  for (const node of document.querySelectorAll("figure")) await node.figure.print();
});
addEventListener("afterprint", () => { printing = false; redrawAll(); });

/**
 * Makes a figure. `draw(place, width, font)` fills an empty element with a canvas and returns it (or a promise of it); `csv()` gives
 * rows, the first with the names; `text` stands for the picture where it cannot be seen.
 */
class Figure {
  constructor({title, caption = "", text = title, draw, csv, columns = 2}) {
    Object.assign(this, {title, draw, csv, mm: columns === 1 ? 89 : 183});
    this.place = element("div", {class: "plot", role: "img", "aria-label": text});
    this.captionElement = element("figcaption", {}, caption);
    const name = title.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
    const button = (label, act) => element("button", {type: "button", "aria-label": `${title} as ${label}`, onclick: act}, label);
    this.node = element("figure", {}, element("div", {class: "head"}, element("strong", {}, title),
      element("span", {class: "buttons"},
        button("SVG", async () => download(`${name}.svg`, "image/svg+xml", await this.svg())), " ",
        button("PNG", async () => download(`${name}.png`, "image/png", await this.png())), " ",
        button("CSV", () => download(`${name}.csv`, "text/csv", csvText(this.csv()))))),
      this.place, this.captionElement);
    this.node.figure = this;
    let width = 0;
    new ResizeObserver(() => {
      const now = Math.floor(this.place.clientWidth);
      if (now && now !== width) { width = now; this.redraw(); }
    }).observe(this.place);
  }
  set caption(text) { this.captionElement.textContent = text; }
  redraw() {
    const width = Math.floor(this.place.clientWidth);
    if (!width || printing) return;
    this.place.style.minHeight = `${this.place.clientHeight}px`;  // no jump while there is nothing
    this.plot?.destroy?.();
    this.place.replaceChildren();
    this.plot = this.draw(this.place, width, 12);
    this.place.style.minHeight = "";
  }
  async print() {
    if (!this.place.clientWidth) return;
    const drawing = await this.svg();
    this.plot?.destroy?.();
    this.plot = null;
    this.place.innerHTML = drawing;
  }
  /** The same drawing at print size: 89 or 183 mm wide, text of 7.5 pt, on white. */
  async svg() {
    const width = Math.round(this.mm / 25.4 * 96);
    const hidden = element("div", {style: `position:absolute;left:-10000px;width:${width}px`});
    document.body.append(hidden);
    const {getContext} = HTMLCanvasElement.prototype, Path = window.Path2D;
    let context = null;  // of the first canvas that asks, which is the plot's
    window.Path2D = SvgPath;
    HTMLCanvasElement.prototype.getContext = function (...rest) {
      if (this.dataset.plain || (context && context.canvas !== this)) return getContext.apply(this, rest);
      return context ??= new SvgContext(this);
    };
    document.documentElement.classList.add("export");
    try {
      const plot = this.draw(hidden, width, 10);
      await null;  // uPlot draws in a microtask
      const {canvas} = context;
      const text = context.svg(canvas.width, canvas.height, this.mm);
      plot?.destroy?.();
      return text;
    } finally {
      HTMLCanvasElement.prototype.getContext = getContext;
      window.Path2D = Path;
      document.documentElement.classList.remove("export");
      hidden.remove();
    }
  }
  png() {
    const source = this.place.querySelector("canvas");
    const canvas = document.createElement("canvas");
    canvas.width = source.width;
    canvas.height = source.height;
    const context = canvas.getContext("2d");
    context.fillStyle = css("--back");
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(source, 0, 0);
    return new Promise(done => canvas.toBlob(done, "image/png"));
  }
}

// --- line plots -----------------------------------------------------------------------------------------------------------------

const dashes = [[], [6, 3], [2, 2], [8, 3, 2, 3]];

/**
 * draw() of a line plot. series: [{label, values, colour, dash, width, points, steps, low, high}] over common `x`; low and high make a
 * band. `marks`: horizontal lines [{value, label, colour}]. `empty`: what to say in the empty axes when there is nothing to draw.
 */
const linePlot = ({x, series, xLabel, yLabel, yRange, xRange, log = false, height = 240, marks = [], empty = "no data",
                   xTicks}) => (place, width, font) => {
  const shown = series.filter(s => s.values.some(v => v !== null && !Number.isNaN(v)));
  const data = [x.length ? x : [0, 1]], bands = [], lines = [{label: xLabel, value: (u, v) => short(v)}];
  for (const s of shown) {
    if (s.low) {
      const edge = {stroke: "transparent", width: 0, points: {show: false}, label: "", class: "edge"};
      data.push(s.high, s.low);
      lines.push(edge, edge);
      bands.push({series: [data.length - 2, data.length - 1], fill: alpha(paint(s.colour), 0.18)});
    }
    data.push(s.values);
    lines.push({
      label: s.label, stroke: paint(s.colour), width: s.width ?? 1.5, dash: s.dash, spanGaps: s.spanGaps ?? false, value: (u, v) => short(v),
      paths: s.steps ? uPlot.paths.stepped({align: 1}) : s.stems ? stems : undefined,
      points: s.points ? {show: true, size: 5, fill: paint(s.colour)} : {show: s.stems ?? false, size: 5, fill: paint(s.colour)},
    });
  }
  // As much room as the longest of the numbers takes.
  const sizeFor = (u, texts) => font * (2.4 + 0.6 * Math.max(2, ...(texts ?? []).map(t => String(t).length)));
  if (data.length === 1) data.push(data[0].map(() => null)), lines.push({label: "", show: true});
  const axis = label => ({label, labelSize: font * 1.7, size: sizeFor, labelFont: `${font}px system-ui`, font: `${font}px system-ui`,
                          stroke: css("--text"), grid: {stroke: css("--grid"), width: 1}, ticks: {stroke: css("--line"), width: 1}});
  const named = shown.filter(s => !s.unnamed);
  // On paper there is no legend: the ends are all that names the lines.
  const ends = shown.length > 1 && named.length < 9 && !shown.every(s => s.stems) && width > (font === 12 ? 340 : 250);
  const room = ends ? Math.min(130, 8 + 0.58 * font * Math.max(...named.map(s => s.label.length))) : 12;
  // The legend tells the values under the pointer; without one it tells the names, where there are several.
  const legend = u => u.root.classList.toggle("idle", u.cursor.idx === null || u.cursor.idx === undefined);
  const plot = new uPlot({
    width, height: Math.round(height * (font < 12 ? 0.9 : 1)), padding: [10, room, 0, 0], series: lines, bands,
    legend: {show: font === 12 && shown.length > 0 && shown.length < 12}, cursor: {drag: {x: true, y: false}},
    scales: {x: {time: false, range: xRange ? () => xRange : undefined},
             y: {distr: log ? 3 : 1, range: log ? undefined : (u, low, high) => niceRange(low, high, yRange, marks)}},
    axes: [{...axis(xLabel), size: font * 2.6, ...(xTicks ? {splits: () => xTicks.map((_, i) => i), values: () => xTicks} : {})},
           axis(yLabel)],
    hooks: {setCursor: [legend], draw: [u => {
      const ratio = u.bbox.width ? u.ctx.canvas.width / width : 1, c = u.ctx;
      c.save();
      c.font = `${font * ratio}px system-ui`;
      c.textBaseline = "middle";
      for (const m of marks) {
        const y = Math.round(u.valToPos(m.value, "y", true));
        c.strokeStyle = paint(m.colour ?? "--muted");
        c.lineWidth = ratio;
        c.setLineDash([2 * ratio, 3 * ratio]);
        c.beginPath(); c.moveTo(u.bbox.left, y); c.lineTo(u.bbox.left + u.bbox.width, y); c.stroke();
        if (m.label) {
          c.fillStyle = paint(m.colour ?? "--muted");
          c.textAlign = "right"; c.fillText(m.label, u.bbox.left + u.bbox.width - 2 * ratio, y - 0.65 * font * ratio);
        }
      }
      c.setLineDash([]);
      c.textAlign = "left";
      if (ends) {  // each line says at its end what it is
        const labels = named.map(s => {
          let i = s.values.length - 1;
          while (i > 0 && (s.values[i] === null || x[i] > u.scales.x.max)) --i;
          return {s, x: u.bbox.left + u.bbox.width + 5 * ratio, y: u.valToPos(s.values[i] ?? 0, "y", true)};
        }).sort((a, b) => a.y - b.y);
        const step = 1.1 * font * ratio;
        for (let i = 1; i < labels.length; ++i) labels[i].y = Math.max(labels[i].y, labels[i - 1].y + step);
        const over = labels.at(-1).y - (u.bbox.top + u.bbox.height);
        if (over > 0) labels.forEach(l => { l.y -= over; });
        for (const l of labels) { c.fillStyle = paint(l.s.colour); c.fillText(l.s.label, l.x, l.y); }
      }
      if (!shown.length) {
        c.fillStyle = css("--muted"); c.textAlign = "center";
        c.fillText(empty, u.bbox.left + u.bbox.width / 2, u.bbox.top + u.bbox.height / 2);
      }
      c.restore();
    }]},
  }, data, place);
  plot.root.classList.add("idle", shown.length > 1 ? "several" : "single");
  return plot;
};

const stems = (u, i) => {
  const stroke = new Path2D(), [xs, ys] = [u.data[0], u.data[i]];
  const y0 = u.valToPos(0, "y", true);
  xs.forEach((x, k) => {
    if (ys[k] === null || ys[k] === undefined) return;
    const px = u.valToPos(x, "x", true);
    stroke.moveTo(px, y0);
    stroke.lineTo(px, u.valToPos(ys[k], "y", true));
  });
  return {stroke, fill: null, clip: null};
};

const niceRange = (low, high, given, marks) => {
  if (given) return given;
  for (const m of marks) { low = Math.min(low ?? m.value, m.value); high = Math.max(high ?? m.value, m.value); }
  if (low === null || low === undefined || !Number.isFinite(low)) return [0, 1];
  if (low >= 0) return [0, high > 0 ? high * 1.08 : 1];
  const pad = 0.06 * (high - low || Math.abs(high) || 1);
  return [low - pad, high + pad];
};

const alpha = (colour, a) => {
  const hex = colour.match(/^#(..)(..)(..)$/);
  return hex ? `rgba(${hex.slice(1).map(h => parseInt(h, 16)).join(",")},${a})` : colour;
};

// --- our own canvases -----------------------------------------------------------------------------------------------------------

/** A canvas of this size [CSS pixels] in a place, scaled to the screen's pixels. */
const canvasIn = (place, width, height, font) => {
  const ratio = font < 12 ? 1 : Math.max(1, devicePixelRatio);
  const canvas = element("canvas", {style: `width:${width}px;height:${height}px`});
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  place.append(canvas);
  const c = canvas.getContext("2d");
  c.scale(ratio, ratio);
  c.font = `${font}px system-ui`;
  c.textBaseline = "middle";
  return {canvas, c, ratio};
};

const tickStep = (span, most) => {
  const raw = span / most, power = 10 ** Math.floor(Math.log10(raw));
  return power * [1, 2, 5, 10].find(m => m * power >= raw);
};

/** Axes of a plot on a canvas: frame, ticks, labels. `box` is {left, top, width, height}. */
const axes = (c, box, font, {xRange, xLabel, yLabel, xTicks, yTicks}) => {
  c.strokeStyle = css("--line"); c.lineWidth = 1;
  c.strokeRect(box.left + 0.5, box.top + 0.5, box.width, box.height);
  c.fillStyle = css("--text");
  c.textAlign = "center";
  if (xRange) {
    const step = tickStep(xRange[1] - xRange[0] || 1, Math.max(2, box.width / (font * 6)));
    xTicks = [];
    for (let v = Math.ceil(xRange[0] / step - 1e-9) * step; v <= xRange[1] + 1e-9 * step; v += step) {
      xTicks.push({at: (v - xRange[0]) / (xRange[1] - xRange[0] || 1), text: String(Number(v.toPrecision(10)))});
    }
  }
  for (const t of xTicks) c.fillText(t.text, box.left + t.at * box.width, box.top + box.height + font * 0.9);
  if (xLabel) c.fillText(xLabel, box.left + box.width / 2, box.top + box.height + font * 2.2);
  c.textAlign = "right";
  for (const t of yTicks ?? []) c.fillText(t.text, box.left - 5, box.top + t.at * box.height);
  if (yLabel) {
    c.save();
    c.textAlign = "center";
    c.translate(font * 0.8, box.top + box.height / 2);
    c.rotate(-Math.PI / 2);
    c.fillText(yLabel, 0, 0);
    c.restore();
  }
};

/**
 * draw() of a matrix of colours: values[row][column]; `colours` is a scale of colour, `text(v)` writes a value into its cell, if cells
 * are large. `tell(row, column)` is the text at the pointer, `pick(row, column)` what a click does.
 */
const matrixPlot = ({values, colours, text, xLabel, yLabel, xTicks, yTicks, square = true, scale, onmark, tell, pick}) => (place, width, font) => {
  const rows = values.length, columns = values[0]?.length ?? 0, colour = colours();
  const left = font * 5, bottom = font * 3, top = 6, right = scale ? font * 7 : 8;
  const w = Math.min(width - left - right, square ? 420 : 640);
  const h = Math.min(square ? w * Math.min(1.5, Math.max(0.25, rows / Math.max(columns, 1))) : w * 0.75, 480);
  const {canvas, c} = canvasIn(place, width, top + h + bottom, font);
  const box = {left, top, width: w, height: h};
  const picture = element("canvas", {"data-plain": "1"});
  picture.width = Math.max(columns, 1); picture.height = Math.max(rows, 1);
  const p = picture.getContext("2d"), image = p.createImageData(picture.width, picture.height);
  values.forEach((row, i) => row.forEach((v, j) => {
    const rgb = v === null ? [128, 128, 128, 60] : [...colour(v), 255];
    image.data.set(rgb, 4 * (i * columns + j));
  }));
  p.putImageData(image, 0, 0);
  c.imageSmoothingEnabled = false;
  c.drawImage(picture, box.left, box.top, box.width, box.height);
  axes(c, box, font, {xLabel, yLabel, xTicks, yTicks});
  if (text && w / columns > font * 1.4) {
    c.textAlign = "center";
    values.forEach((row, i) => row.forEach((v, j) => {
      const [r, g, b] = v === null ? rgb("--back") : colour(v);
      c.fillStyle = 0.3 * r + 0.6 * g + 0.1 * b > 140 ? "#000" : "#fff";
      text(v, i, j).split("\n").forEach((line, k, all) => c.fillText(line, box.left + (j + 0.5) * w / columns,
        box.top + (i + 0.5) * h / rows + (k - (all.length - 1) / 2) * font * 1.1));
    }));
  }
  if (scale) {  // the bar of colours at the right
    const x = box.left + w + font, n = 64, [low, high] = scale.range;
    for (let k = 0; k < n; ++k) {
      c.fillStyle = `rgb(${colour(high - (high - low) * (k + 0.5) / n).join(",")})`;
      c.fillRect(x, box.top + k * h / n, font, h / n + 0.6);
    }
    c.fillStyle = css("--text"); c.textAlign = "left";
    for (const v of [low, (low + high) / 2, high]) c.fillText(short(v), x + font * 1.4, box.top + h * (high - v) / (high - low || 1));
  }
  onmark?.(c, box);
  if (font === 12) point(place, canvas, box, rows, columns, tell, pick);
  return {destroy: () => canvas.remove(), box, canvas};
};

/** What the pointer does over the cells of a matrix. */
const point = (place, canvas, box, rows, columns, tell, pick) => {
  const cell = event => {
    const i = Math.floor((event.offsetX - box.left) / box.width * columns), j = Math.floor((event.offsetY - box.top) / box.height * rows);
    return i >= 0 && i < columns && j >= 0 && j < rows ? [j, i] : null;
  };
  if (tell) {
    const tip = element("div", {class: "tip screen", role: "status", hidden: true});
    place.append(tip);
    canvas.addEventListener("pointermove", event => {
      const at = cell(event);
      tip.hidden = !at;
      if (!at) return;
      tip.textContent = tell(...at);
      tip.style.left = `${Math.max(0, Math.min(event.offsetX + 12, place.clientWidth - tip.offsetWidth))}px`;
      tip.style.top = `${event.offsetY + 16}px`;
    });
    canvas.addEventListener("pointerleave", () => { tip.hidden = true; });
  }
  if (pick) {
    canvas.style.cursor = "pointer";
    canvas.addEventListener("click", event => { const at = cell(event); if (at) pick(...at); });
  }
};

const rgb = name => paint(name).match(/^#(..)(..)(..)$/).slice(1).map(v => parseInt(v, 16));
const mix = (a, b, t) => a.map((v, i) => Math.round(v + (b[i] - v) * t));

// Scales of colour: called when a map is drawn, they give the function from values to the colours of the page as it is then.
/** Blue for negative, orange for positive, near the background at 0; `limit` is full colour. */
const diverging = limit => () => {
  const [negative, zero, positive] = [rgb("--map-negative"), rgb("--map-zero"), rgb("--map-positive")];
  return v => {
    const t = limit > 0 ? Math.max(-1, Math.min(1, v / limit)) : 0;
    return t < 0 ? mix(zero, negative, -t) : mix(zero, positive, t);
  };
};
/** From near the background to a blue that stands out. */
const sequential = (low, high) => () => {
  const [least, middle, most] = [rgb("--map-least"), rgb("--map-middle"), rgb("--map-most")];
  return v => {
    const t = Math.max(0, Math.min(1, (v - low) / (high - low || 1)));
    return t < 0.5 ? mix(least, middle, 2 * t) : mix(middle, most, 2 * t - 1);
  };
};

/** Shows a figure's children when there is a place for them. */
const add = (parent, ...children) => { parent.append(...children.filter(Boolean)); };
