/** One class against all others. */
export interface ClassScore {
  readonly class: number;
  /** Rows of the class. */
  readonly support: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** Null where no row is of the class. */
  readonly average_precision: number | null;
}

/** Points of a precision-recall curve, by falling threshold: recall never falls. At most 200, the first and last kept. */
export interface PrecisionRecallCurve {
  readonly recall: readonly number[];
  readonly precision: readonly number[];
}

/** Everything that a test tells of one head and tail. Terms and edge cases as in scikit-learn, with zero_division 0. */
export interface ClassificationReport {
  readonly rows: number;
  readonly loss: number;
  readonly accuracy: number;
  /** Mean F1 over classes, weighted by their rows. */
  readonly weighted_f1: number;
  /** Mean F1 over the classes that occur, as a label or as an answer. */
  readonly macro_f1: number;
  /** Of all (row, class) pairs taken as one question each. */
  readonly micro_average_precision: number;
  readonly classes: readonly ClassScore[];
  /** [true class][answer]: numbers of rows. */
  readonly confusion: readonly (readonly number[])[];
  readonly curves: {
    /** By class; null where no row is of the class. */
    readonly classes: readonly (PrecisionRecallCurve | null)[];
    readonly micro: PrecisionRecallCurve;
  };
}

/** What clients still know of each other's rows: row = test during training, column = client. */
export interface ForgettingMatrix {
  /** Test rows of each test. */
  readonly samples: number;
  /** One a row: after whose visit, in which round, after how many batches. */
  readonly visits: readonly { readonly round: number; readonly client: number; readonly steps: number }[];
  /** [visit][client]: accuracy by class, weighted by the client's class shares; null of no known class. */
  readonly accuracy: readonly (readonly (number | null)[])[];
}

/** `evaluation.json`: the tests at the end of a run in full. */
export interface Evaluations {
  readonly class_names: readonly string[];
  /** The final head and tail. */
  readonly overall: ClassificationReport;
  /** By client: the test at the end of its last visit; null where it was never visited. */
  readonly clients: readonly (ClassificationReport | null)[];
  /** [client][class]: training rows; null where clients do not tell. */
  readonly class_counts: readonly (readonly number[])[] | null;
  /** Null where it was not asked for, or clients do not tell their classes. */
  readonly forgetting: ForgettingMatrix | null;
  /** Why something is left out, for people. */
  readonly notes: readonly string[];
}
