/** A set of indices of tasks that stays small in a checkpoint: a number for every 32 tasks. */
export class TaskSet {
  private readonly words: number[] = [];

  add(task: number): this {
    const word = Math.floor(task / 32);
    this.addBits(word, 2 ** (task % 32));
    return this;
  }

  addAll(other: TaskSet): void {
    for (const [word, bits] of other.words.entries()) this.addBits(word, bits);
  }

  /** In ascending order. */
  list(): number[] {
    return this.words.flatMap((bits, word) =>
      Array.from({ length: 32 }, (_, bit) => bit)
        .filter((bit) => (bits & (1 << bit)) !== 0)
        .map((bit) => word * 32 + bit),
    );
  }

  toJson(): number[] {
    return [...this.words];
  }

  static fromJson(words: readonly number[]): TaskSet {
    const set = new TaskSet();
    for (const [word, bits] of words.entries()) set.addBits(word, bits);
    return set;
  }

  private addBits(word: number, bits: number): void {
    while (this.words.length <= word) this.words.push(0);
    // Bitwise operators are on signed integers; JSON and comparisons are easier without a sign.
    this.words[word] = ((this.words[word] ?? 0) | bits) >>> 0;
  }
}
