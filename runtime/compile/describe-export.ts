/** Whether a value has members. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** Says in a few words what was exported where a function was wanted. */
export function describeExport(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (!isObject(value)) return `a ${typeof value}`;
  if (Array.isArray(value)) return 'an array';
  const names = Object.keys(value);
  return names.length === 0 ? 'an object without members' : `an object with ${names.join(', ')}`;
}
