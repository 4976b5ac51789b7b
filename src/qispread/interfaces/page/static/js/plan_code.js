// The code of a budget plan: one digit per policy, whose bits are years, and a check digit.

const DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CHECK_MODULUS = 31;

export function encodePlan(years) {
  const sum = years.reduce((total, mask, index) => total + (index + 1) * mask, 0);
  return [...years, sum % CHECK_MODULUS].map((digit) => DIGITS[digit]).join("");
}

// The years of each policy, or null for an invalid code.
export function decodePlan(code) {
  const digits = [...code].map((letter) => DIGITS.indexOf(letter));
  const years = digits.slice(0, -1);
  return digits.includes(-1) || encodePlan(years) !== code ? null : years;
}

export const countYears = (mask) => mask.toString(2).replaceAll("0", "").length;

export const groupCode = (code) => code.replace(/(.{4})(?=.)/g, "$1-");

export const normaliseCode = (text) => text.toUpperCase().replace(/[\s-]/g, "").replaceAll("O", "0").replace(/[IL]/g, "1");
