/** A whole number, with commas. */
export function count(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** A score to four places; a dash where there is none. */
export function score(value: number | null): string {
  return value === null ? '\u2013' : value.toFixed(4);
}

export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** A duration for people: 4.2 s, 3 min 05 s, 2 h 07 min. */
export function seconds(value: number): string {
  const two = (part: number) => String(part).padStart(2, '0');
  if (value < 60) return `${value.toFixed(1)} s`;
  const whole = Math.round(value);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
}

/** `1.2 MB`, in powers of 1000. */
export function formatSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const [size, unit] =
    bytes < 1e6 ? [bytes / 1e3, 'kB'] : bytes < 1e9 ? [bytes / 1e6, 'MB'] : [bytes / 1e9, 'GB'];
  return `${size.toFixed(1)} ${unit}`;
}
