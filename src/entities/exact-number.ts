/**
 * Whether a number that was written like this is the same number once a program has read it: programs keep about 17
 * significant digits. `1e300` and `1.10` are; `12345678901234567890` and `0.12345678901234567891` are not.
 */
export function isExactNumber(written: string): boolean {
  const given = decimalOf(written);
  return given !== null && given === decimalOf(String(Number(written)));
}

/** A decimal number in the one form that every way to write it has: its digits, and the power of ten of the last one. */
function decimalOf(text: string): string | null {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(text) ?? [];
  if (!whole) return null;
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (!significant) return '0';
  return `${sign}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`;
}
