/**
A named cost of CPU work in nanoseconds. Each part declares the costs it pays beside its steps; a scenario may override any by
name. `source` names where the number comes from, or is the word *knob*: a plausible figure nobody has measured here.
*/
export interface Cost {
	/** `part.what`, e.g. `blkback.validate`. */
	readonly name: string;
	readonly ns: number;
	readonly source: string;
}
