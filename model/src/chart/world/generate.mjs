// Writes the map: Natural Earth (public domain, npm `world-atlas`), simplified, in the Equal Earth projection on an integer
// grid. Run `npm install && npm run generate` in this folder; the results are committed.
//
// A line of countries.tsv is: alpha-2 code, anchor "x y" (where a flow to the country ends), the longer side of its shape
// (0 where the country is too small for one; it is then drawn as a point). A line of outlines.tsv is: alpha-2 code ("-" for
// land without one), SVG path. y grows downwards; `projection.rs` has the same constants.

import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { geoEqualEarth, geoPath } from "d3-geo";
import { feature } from "topojson-client";
import { presimplify, simplify } from "topojson-simplify";

const require = createRequire(import.meta.url);
const iso = require("i18n-iso-countries");
const atlas = JSON.parse(readFileSync(require.resolve("world-atlas/countries-50m.json"), "utf8"));

// The central meridian of 11° E leaves no land on the seam but that of Chukotka's neighbourhood, which is water.
const MERIDIAN = 11;
// Grid units for one unit of the projection; the globe is 5.41 wide, so about 4000 units.
const SCALE = 740;
// Smallest triangle (square degrees) that simplification keeps, and smallest ring (square units) of a country with others.
const DETAIL = 0.016;
const SMALLEST_RING = 14;
const ANTARCTICA = "010";

// Territories that have codes but no shape of their own in Natural Earth's countries: degrees north, degrees east.
const POINTS = {
  BQ: [12.18, -68.26], BV: [-54.42, 3.36], CC: [-12.17, 96.83], CX: [-10.49, 105.63], GF: [3.93, -53.13], GI: [36.14, -5.35],
  GP: [16.24, -61.53], MQ: [14.64, -61.0], RE: [-21.12, 55.53], SJ: [78.22, 15.65], TK: [-9.2, -171.85], TV: [-8.52, 179.2],
  UM: [19.28, 166.65], YT: [-12.82, 45.17],
};
// Without an ISO number in Natural Earth, but with a code that databases of places use.
const BY_NAME = { Kosovo: "XK" };

const projection = geoEqualEarth().rotate([-MERIDIAN, 0]).scale(SCALE).translate([0, 0]).precision(0);

function rings(shape) {
  const found = [];
  let ring = [];
  const context = {
    moveTo: (x, y) => (ring = [[x, y]]),
    lineTo: (x, y) => ring.push([x, y]),
    closePath: () => found.push(ring),
    arc: () => {},
  };
  geoPath(projection, context)(shape);
  return found.map(snap).filter((points) => points.length >= 3);
}

function snap(points) {
  const grid = points.map(([x, y]) => [Math.round(x), Math.round(y)]);
  const moved = grid.filter((p, i) => i === 0 || p[0] !== grid[i - 1][0] || p[1] !== grid[i - 1][1]);
  const [first, last] = [moved[0], moved.at(-1)];
  return moved.length > 1 && first[0] === last[0] && first[1] === last[1] ? moved.slice(0, -1) : moved;
}

function area(points) {
  const twice = points.reduce((sum, [x, y], i) => {
    const [nx, ny] = points[(i + 1) % points.length];
    return sum + x * ny - nx * y;
  }, 0);
  return twice / 2;
}

function centroid(points) {
  let [cx, cy] = [0, 0];
  points.forEach(([x, y], i) => {
    const [nx, ny] = points[(i + 1) % points.length];
    cx += (x + nx) * (x * ny - nx * y);
    cy += (y + ny) * (x * ny - nx * y);
  });
  return [cx / (6 * area(points)), cy / (6 * area(points))].map(Math.round);
}

const number = (value, first) => (value < 0 || first ? `${value}` : ` ${value}`);

function path(points) {
  let [x, y] = points[0];
  let text = `M${number(x, true)}${number(y)}l`;
  points.slice(1).forEach(([nx, ny], i) => {
    text += number(nx - x, i === 0) + number(ny - y);
    [x, y] = [nx, ny];
  });
  return `${text}z`;
}

function line(code, shape, original) {
  const all = rings(shape).sort((a, b) => Math.abs(area(b)) - Math.abs(area(a)));
  const kept = all.filter((ring, i) => Math.abs(area(ring)) >= (i === 0 ? 2 : SMALLEST_RING));
  const anchor = kept.length ? centroid(kept[0]) : geoPath(projection).centroid(original).map(Math.round);
  return `${code}\t${anchor.join(" ")}\t${extent(kept.flat())}\t${kept.map(path).join("")}`;
}

function extent(points) {
  const span = (axis) => Math.max(...points.map((point) => point[axis])) - Math.min(...points.map((point) => point[axis]));
  return points.length ? Math.max(span(0), span(1)) : 0;
}

const countries = atlas.objects.countries;
countries.geometries = countries.geometries.filter((geometry) => geometry.id !== ANTARCTICA);
const originals = feature(atlas, countries).features;
const simplified = feature(simplify(presimplify(atlas), DETAIL), countries).features;

const code = (country) => iso.numericToAlpha2(country.id) ?? BY_NAME[country.properties.name] ?? "-";
// Natural Earth lists some outlying islands beside their country under the same number: the first, larger one stands.
const lines = simplified.map((country, i) => line(code(country), country, originals[i]));
const doubled = (text, i) => !text.startsWith("-") && lines.findIndex((other) => other.slice(0, 2) === text.slice(0, 2)) < i;
lines.splice(0, lines.length, ...lines.sort((a, b) => b.length - a.length).filter((text, i) => !doubled(text, i)));
for (const [code, [north, east]] of Object.entries(POINTS)) {
  lines.push(`${code}\t${projection([east, north]).map(Math.round).join(" ")}\t0\t`);
}
lines.sort();
const rows = lines.map((text) => text.split("\t"));
const write = (name, rows) => writeFileSync(new URL(name, import.meta.url), rows.map((row) => `${row.join("\t")}\n`).join(""));
write("countries.tsv", rows.filter(([code]) => code !== "-").map((row) => row.slice(0, 3)));
write("outlines.tsv", rows.filter((row) => row[3]).map(([code, , , path]) => [code, path]));
