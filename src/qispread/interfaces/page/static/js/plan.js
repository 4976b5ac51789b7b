// A plan for the budget as a code that can be read out: a digit for each policy, whose bits are years, and one to check.

const LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CHECKING = 31;

export function codeOf(years) {
  const sum = years.reduce((total, mask, place) => total + (place + 1) * mask, 0);
  return [...years, sum % CHECKING].map((digit) => LETTERS[digit]).join("");
}

export function yearsOf(code) {
  const digits = [...code].map((letter) => LETTERS.indexOf(letter));
  const years = digits.slice(0, -1);
  return digits.includes(-1) || codeOf(years) !== code ? null : years;
}

export const yearsIn = (mask) => mask.toString(2).replaceAll("0", "").length;

export const grouped = (code) => code.replace(/(.{4})(?=.)/g, "$1-");

export const plain = (text) => text.toUpperCase().replace(/[\s-]/g, "").replaceAll("O", "0").replace(/[IL]/g, "1");
