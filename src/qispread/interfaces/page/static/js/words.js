// Elements, numbers and names, made the same way everywhere. Text is only ever set as text.

export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key === "on") for (const [event, act] of Object.entries(value)) made.addEventListener(event, act);
    else if (key === "class") made.className = value;
    else if (key in made && !key.startsWith("aria")) made[key] = value;
    else made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

const NAMESPACE = "http://www.w3.org/2000/svg";

export function drawn(name, attributes = {}) {
  const made = document.createElementNS(NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

export const find = (name) => document.getElementById(name);

// At most four figures, without needless noughts.
export const short = (value) => (Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4))));

export function withUnit(value, unit) {
  if (unit === "share" || unit === "") return short(value);
  return `${short(value)} ${unit.startsWith("1/") ? `a ${unit.slice(2)}` : unit}`;
}

export const several = (number, one) => `${number} ${one}${number === 1 ? "" : "s"}`;

export const percent = (value) => `${Math.round(100 * value)}%`;

export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

export function when(month) {
  if (month === 0) return "Before the start";
  const years = Math.floor((month - 1) / 12) + 1;
  return `Month ${month} (year ${years})`;
}

export function extent(months) {
  if (months % 12) return several(months, "month");
  return months === 12 ? "one year" : `${months / 12} years`;
}

let numbered = 0;
export const freshName = (stem) => `${stem}-${(numbered += 1)}`;
