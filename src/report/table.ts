/** Lines whose columns stand under each other, two spaces apart. */
export function alignColumns(rows: readonly (readonly string[])[]): readonly string[] {
  const numColumns = Math.max(0, ...rows.map(({ length }) => length));
  const widths = Array.from({ length: numColumns }, (_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]))
      .join('  ')
      .trimEnd(),
  );
}
