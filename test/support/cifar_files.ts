/** A row in CIFAR-10's binary form: a label, then the red, the green and the blue plane. */
export function cifarRow(label: number, red: number, green: number, blue: number): Uint8Array {
  const row = new Uint8Array(3073);
  row[0] = label;
  row.fill(red, 1, 1025).fill(green, 1025, 2049).fill(blue, 2049);
  return row;
}

/** The six files, with so many rows of pictures that follow from file and row; labels go round. */
export function smallCifar(rowsPerFile = 2): Record<string, Uint8Array> {
  const names = [1, 2, 3, 4, 5].map((number) => `data_batch_${number}.bin`).concat('test_batch.bin');
  return Object.fromEntries(
    names.map((name, file) => [
      name,
      Buffer.concat(
        Array.from({ length: rowsPerFile }, (_, row) =>
          cifarRow((file * rowsPerFile + row) % 10, file, 100 + row, 200 + file),
        ),
      ),
    ]),
  );
}
