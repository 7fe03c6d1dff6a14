// The two pictures of a loss, and its options as sliders that change them. All of it was computed beforehand:
// docs/builder/sliders.py says how; the page has loaded it as `window.explored`. The style sheet then hides the printed
// pictures, which show the default options in English.
(() => {
  "use strict";
  const data = window.explored;
  const place = document.querySelector(".explore");
  if (!data || !place) return;

  const WORDS = {
    en: {
      value: "loss", slope: "slope by the logit", axis: "probability of the object at the pixel", usual: "default",
      object: "the pixel is object", background: "the pixel is background", before: "with the default options",
      prediction: "prediction (line: truth)", map: "gradient by the logit", most: "strongest pull on a pixel", loss: "value on this example", reset: "Defaults", colon: ": ", brackets: [" (", ")"],
      bars: "pull on a pixel, strongest kind = 1", red: "red lowers p, blue raises it; line: truth",
      regions: data.regions,
    },
    zh: {
      value: "损失值", slope: "对 logit 的斜率", axis: "该像素属于目标的概率", usual: "默认",
      object: "像素属于目标", background: "像素属于背景", before: "默认选项下的曲线",
      prediction: "预测（线：真值轮廓）", map: "对 logit 的梯度", most: "单个像素上的最大梯度", loss: "此例上的损失值", reset: "恢复默认", colon: "：", brackets: ["（", "）"],
      bars: "各类像素上的梯度，最强者为 1", red: "红色使 p 降低，蓝色使 p 升高；线：真值轮廓",
      regions: ["漏掉的部分", "毛糙边缘", "近处误检块", "远处误检块", "已经判对的像素"],
    },
  };
  const words = WORDS[document.documentElement.lang.slice(0, 2)] || WORDS.en;
  const SIDES = ["object", "background"]; // classes of the style sheet, which has their colours
  const WIDTH = 340, HEIGHT = 210, LEFT = 54, RIGHT = 8, TOP = 22, BOTTOM = 36; // of a panel, and its margins
  const PIXEL = 8; // of the canvas along a side of a pixel of the map

  const show = (number) => (number === 0 ? "0" : Number(number.toPrecision(3)).toString());

  function node(name, attributes = {}, ...children) {
    const svg = ["svg", "path", "line", "text", "g"].includes(name);
    const made = svg ? document.createElementNS("http://www.w3.org/2000/svg", name) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  // The settings are in the order of counting: the last option changes fastest.
  const settingAt = (places) =>
    data.settings[places.reduce((sum, place, option) => sum * data.options[option].values.length + place, 0)];
  const usual = settingAt(data.defaults);

  // ---- curves
  function panel(title, kind, now) {
    const lines = [...Object.values(usual[kind]), ...Object.values(now[kind])].flatMap((line) => line.points);
    let low = Math.min(...lines), high = Math.max(...lines);
    if (low === high) [low, high] = [low - 0.5, high + 0.5];
    const first = data.logits[0], last = data.logits[data.logits.length - 1];
    const x = (logit) => LEFT + ((logit - first) / (last - first)) * (WIDTH - LEFT - RIGHT);
    const y = (value) => TOP + ((high - value) / (high - low)) * (HEIGHT - TOP - BOTTOM);
    const path = (line) =>
      line.points.map((value, i) => {
        const pen = i === 0 || line.gaps.includes(i) ? "M" : "L";
        return `${pen}${x(data.logits[i]).toFixed(1)},${y(value).toFixed(1)}`;
      }).join("");
    const ends = SIDES.map((side) => {
      const points = now[kind][side].points;
      return `${words[side]}${words.colon}${show(points[0])} … ${show(points[points.length - 1])}`;
    });
    const spoken = [title, `${words.axis} 0.01 … 0.99`, ...ends].join("; ");
    const picture = node("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": spoken });
    picture.append(node("text", { x: (LEFT + WIDTH - RIGHT) / 2, y: 12, class: "title" }, title));
    for (const part of [0, 0.5, 1]) {
      const level = low + part * (high - low);
      picture.append(node("line", { x1: LEFT, x2: WIDTH - RIGHT, y1: y(level), y2: y(level) }));
      picture.append(node("text", { x: LEFT - 5, y: y(level) + 3, class: "level" }, show(level)));
    }
    for (const p of [0.01, 0.1, 0.5, 0.9, 0.99]) {
      const at = x(Math.log(p / (1 - p)));
      picture.append(node("line", { x1: at, x2: at, y1: TOP, y2: HEIGHT - BOTTOM }));
      picture.append(node("text", { x: at, y: HEIGHT - BOTTOM + 13 }, String(p)));
    }
    picture.append(node("text", { x: (LEFT + WIDTH - RIGHT) / 2, y: HEIGHT - 6 }, words.axis));
    for (const side of SIDES) {
      if (controls.length) picture.append(node("path", { d: path(usual[kind][side]), class: `usual ${side}` }));
      picture.append(node("path", { d: path(now[kind][side]), class: `now ${side}` }));
    }
    return picture;
  }

  function legend() {
    const entry = (kind, text) => node("span", {}, node("i", { class: kind }), text);
    const before = controls.length ? [entry("before", words.before)] : [];
    return node("p", { class: "legend" }, ...SIDES.map((side) => entry(side, words[side])), ...before);
  }

  // ---- the prediction, and the gradient map: white at 0, as in the printed pictures
  const RED = [[247, 247, 247], [244, 165, 130], [178, 24, 43], [103, 0, 31]];
  const BLUE = [[247, 247, 247], [146, 197, 222], [33, 102, 172], [5, 48, 97]];
  function shade(level) {
    const colors = level > 0 ? RED : BLUE;
    const at = (Math.abs(level) / 127) * (colors.length - 1), i = Math.min(Math.floor(at), colors.length - 2);
    return `rgb(${colors[i].map((from, k) => Math.round(from + (colors[i + 1][k] - from) * (at - i)))})`;
  }

  const bytes = (text, Kind) => Kind.from(atob(text), (byte) => byte.charCodeAt(0));

  function draw(canvas, colors, line) {
    const width = data.truth[0].length, height = data.truth.length;
    canvas.width = width * PIXEL;
    canvas.height = height * PIXEL;
    const context = canvas.getContext("2d");
    const inside = (row, column) => (data.truth[row] || "")[column] === "1";
    for (let row = 0; row < height; row++)
      for (let column = 0; column < width; column++) {
        context.fillStyle = colors(row * width + column);
        context.fillRect(column * PIXEL, row * PIXEL, PIXEL, PIXEL);
      }
    context.beginPath(); // the outline of the truth: between pixels that differ
    for (let row = 0; row < height; row++)
      for (let column = 0; column < width; column++) {
        const here = inside(row, column), left = column * PIXEL, top = row * PIXEL;
        if (here !== inside(row, column - 1)) { context.moveTo(left, top); context.lineTo(left, top + PIXEL); }
        if (here !== inside(row - 1, column)) { context.moveTo(left, top); context.lineTo(left + PIXEL, top); }
      }
    context.strokeStyle = line;
    context.lineWidth = 2;
    context.stroke();
  }

  function drawPrediction(canvas) {
    const levels = bytes(data.prediction, Uint8Array);
    draw(canvas, (at) => `rgb(${levels[at]}, ${levels[at]}, ${levels[at]})`, "#e69f00");
  }

  function drawGradient(canvas, now) {
    const levels = bytes(now.gradient, Int8Array);
    draw(canvas, (at) => shade(levels[at]), "#111");
    const spoken = words.regions.map((region, i) => `${region} ${share(now.shares[i])}`);
    canvas.setAttribute("aria-label", `${words.map}${words.colon}${words.bars}${words.colon}${spoken.join(", ")}`);
  }

  const share = (size) => (size > 0 && size < 0.001 ? "< 0.001" : show(size));

  function bars(now) {
    const rows = words.regions.map((region, i) => {
      const bar = node("i", { style: `width: ${60 * now.shares[i]}%` });
      return node("div", { class: "bar" }, node("span", {}, region), node("span", {}, bar, ` ${share(now.shares[i])}`));
    });
    return node("figure", {}, node("figcaption", {}, words.bars), ...rows);
  }

  // ---- the sliders
  const places = [...data.defaults];
  const curves = node("div", { class: "curves" });
  const prediction = node("canvas", { role: "img", "aria-label": words.prediction });
  const canvas = node("canvas", { role: "img", "aria-label": words.map });
  const numbers = node("p", { class: "numbers", "aria-live": "polite" });
  const shares = node("div");
  const controls = data.options.map((option, i) => {
    const input = node("input", { type: "range", min: 0, max: option.values.length - 1, step: 1, id: `move-${option.name}` });
    const output = node("output", { for: input.id });
    input.addEventListener("input", () => { places[i] = Number(input.value); update(); });
    return { input, output, row: node("div", { class: "slider" },
      node("label", { for: input.id }, node("code", {}, option.name)), input, output) };
  });
  const reset = node("button", { type: "button" }, words.reset);
  reset.addEventListener("click", () => { data.defaults.forEach((value, i) => { places[i] = value; }); update(); });

  function update() {
    controls.forEach(({ input, output }, i) => {
      const text = data.options[i].values[places[i]];
      input.value = places[i];
      output.textContent = places[i] === data.defaults[i] ? text + words.brackets.join(words.usual) : text;
      input.setAttribute("aria-valuetext", output.textContent);
    });
    const now = settingAt(places);
    curves.replaceChildren(panel(words.value, "values", now), panel(words.slope, "slopes", now));
    drawGradient(canvas, now);
    shares.replaceChildren(bars(now));
    numbers.textContent = `${words.loss}${words.colon}${show(now.loss)} · ${words.most}${words.colon}${show(now.most)}`;
  }

  const figure = (title, canvas, ...below) => node("figure", {}, node("figcaption", {}, title), canvas, ...below);
  const maps = node("div", { class: "maps" }, figure(words.prediction, prediction),
    figure(words.map, canvas, node("figcaption", { class: "small" }, words.red)), shares);
  const sliders = controls.length ? [...controls.map(({ row }) => row), reset] : [];
  place.append(...sliders, curves, legend(), maps, numbers);
  place.hidden = false;
  drawPrediction(prediction);
  update();
})();
