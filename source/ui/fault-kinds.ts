/**
 * The faults the palette offers, as data: what each is called, where it can strike, which parameters it takes and what
 * it does in plain words. Whoever opens the console hands the catalogue over.
 */

export type FaultParameter =
	| {
			readonly name: string;
			readonly kind: 'count';
			readonly initial: number;
			readonly least: number;
			readonly most: number;
	  }
	| {
			readonly name: string;
			readonly kind: 'choice';
			readonly choices: readonly string[];
			readonly initial: string;
	  };

export interface FaultKind {
	/** As the timeline names it: `evt.lost`. */
	readonly id: string;
	/** The layer where it really happens. */
	readonly layer: string;
	readonly title: string;
	/** `domain` is any of them; `guest` any but domain zero, which is `control`. */
	readonly target: 'channel' | 'device' | 'domain' | 'guest' | 'control';
	/** Who is dead when it has acted: whoever runs the driver of its target, or the target itself. */
	readonly kills: 'driver' | 'target' | undefined;
	readonly parameters: readonly FaultParameter[];
	/** What happens and how it ends. */
	readonly sentence: string;
	/** Further words it is found by. */
	readonly words: string;
}
