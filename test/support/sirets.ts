/** The `serial`-th of as many SIRETs as a test needs: 13 digits and the one that makes their Luhn sum right. */
export function siretOf(serial: number): string {
  const digits = String(serial).padStart(13, '0');
  const sum = [...digits].reduce((total, digit, index) => {
    const value = Number(digit) * (index % 2 === 0 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return digits + String((10 - (sum % 10)) % 10);
}
