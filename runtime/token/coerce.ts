/** The claims whose values are numbers. */
const NUMBERS = /^(exp|nbf|dd|dr|pb|mb|l[smhdwo]|lt[smhdwo])$/;
const WHOLE = /^(0|[1-9]\d{0,15})$/;

/**
 * Turns the numbers that the original clients send as text into numbers. Everything else stays as it is.
 *
 * @param requested - claims, unchecked
 * @see protocol reference 7.2
 */
export function coerceNumbers(requested: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const coerce = (name: string, value: unknown): unknown =>
    NUMBERS.test(name) && typeof value === 'string' && WHOLE.test(value) ? Number(value) : value;
  return Object.fromEntries(Object.entries(requested).map(([name, value]) => [name, coerce(name, value)]));
}
