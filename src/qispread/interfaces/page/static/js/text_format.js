// Numbers, months and names as text, formatted the same way everywhere.

// At most four significant digits, without trailing zeros.
export const formatNumber = (value) => (Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4))));

export function formatWithUnit(value, unit) {
  if (unit === "share" || unit === "") return formatNumber(value);
  return `${formatNumber(value)} ${unit.startsWith("1/") ? `per ${unit.slice(2)}` : unit}`;
}

export const formatPercent = (value) => `${Math.round(100 * value)}%`;

export const formatCount = (value) => Math.round(value).toLocaleString("en-GB");

export const plural = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

export const capitalise = (text) => text.charAt(0).toUpperCase() + text.slice(1);

export function monthLabel(month) {
  if (month === 0) return "Before the start";
  const year = Math.floor((month - 1) / 12) + 1;
  return `Month ${month} (year ${year})`;
}

export function durationLabel(months) {
  if (months % 12) return plural(months, "month");
  return months === 12 ? "one year" : `${months / 12} years`;
}
