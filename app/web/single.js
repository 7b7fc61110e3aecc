"use strict";
// The page of `apical single`: one neuron's state over time, its inputs and its spikes.

const data = JSON.parse(document.getElementById("data").textContent);
const page = document.getElementById("page");
const {model, times, traces, spikes, inputs, arrivals, duration} = data;

const counted = kind => spikes.filter(s => s.kind === kind).length;
document.title = `Neuron ${model}`;
page.append(element("h1", {}, document.title), element("p", {class: "muted"}, data.summary),
  element("p", {class: "verdict"}, `${spikes.length} spikes in ${short(duration)} ms: ${counted("event")} events, ${counted("burst")} of them bursts.`));

const xRange = [0, duration];
const show = options => page.append(new Figure(options).node);

page.append(element("h2", {}, "Spikes"));
show({
  title: "Spike train", caption: "Blue: events. Orange and taller: bursts, at their second spike; thin orange: their further spikes. Below, in grey: arriving spikes.",
  text: `${spikes.length} spikes`,
  draw: (place, width, font) => {
    const {canvas, c} = canvasIn(place, width, 70 + font * 3, font);
    const box = {left: font * 5, top: 4, width: width - font * 7, height: 66};
    const tick = (t, colour, from, to, wide) => {
      const x = box.left + t / duration * box.width;
      c.strokeStyle = css(colour); c.lineWidth = wide;
      c.beginPath(); c.moveTo(x, from); c.lineTo(x, to); c.stroke();
    };
    const looks = {event: ["--event", 20, 1.2], burst: ["--burst", 34, 1.6], further: ["--burst", 14, 0.8]};
    for (const s of spikes) { const [colour, tall, wide] = looks[s.kind]; tick(s.time, colour, box.top + 42 - tall, box.top + 42, wide); }
    for (const t of arrivals) tick(t, "--muted", box.top + 50, box.top + 62, 0.8);
    axes(c, box, font, {xRange, xLabel: "Time (ms)"});
    if (!spikes.length) { c.fillStyle = css("--muted"); c.textAlign = "center"; c.fillText("no spikes", box.left + box.width / 2, box.top + 25); }
    return {destroy: () => canvas.remove()};
  },
  csv: () => [["time_ms", "kind"], ...spikes.map(s => [s.time, s.kind])],
});

page.append(element("h2", {}, "State"));
for (const {name, unit, values} of traces) {
  show({title: name, caption: `Sampled every ${short(times[1] - times[0])} ms.`, text: `${name} over time`,
        draw: linePlot({x: times, series: [{label: name, values, colour: "--accent", width: 1.2}], xRange, xLabel: "Time (ms)", yLabel: unit ? `${name} (${unit})` : name, height: 200}),
        csv: () => [["time_ms", name], ...times.map((t, i) => [t, values[i]])]});
}

if (inputs.length) page.append(element("h2", {}, "Inputs"));
for (const {port, unit, times: edges, values} of inputs) {
  const t = [0, ...edges, duration], v = [0, ...values, values.at(-1)];
  show({title: `Step onto ${port}`, text: `Steps onto ${port}`,
        draw: linePlot({x: t, series: [{label: port, values: v, colour: "--c1", steps: true}], xRange, xLabel: "Time (ms)",
                        yLabel: `${port} (${unit})`, height: 140}),
        csv: () => [["time_ms", port], ...t.map((x, i) => [x, v[i]])]});
}

page.append(element("h2", {}, "Model"), element("pre", {}, data.equations),
  element("div", {class: "scroll"}, element("table", {}, element("tbody", {}, ...data.parameters.map(p => element("tr", {},
    element("th", {}, p.name), element("td", {class: "number"}, p.value === null ? "follows from the others" : short(p.value)),
    element("td", {}, p.unit === "1" ? "" : p.unit), element("td", {}, p.meaning), element("td", {class: "muted"}, p.given ? "given" : "default")))))),
  element("p", {class: "muted"}, `Made by ${data.program}.`));
