/**
 * The faults the palette offers, as data: what each is called, where it can strike, which parameters it takes and what
 * it does in plain words. The session hands the catalogue over; this is what exists now.
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
	readonly target: 'channel' | 'device' | 'domain';
	readonly parameters: readonly FaultParameter[];
	/** What happens and how it ends. */
	readonly sentence: string;
	/** Further words it is found by. */
	readonly words: string;
}

export const faultKinds: readonly FaultKind[] = [
	{
		id: 'evt.lost',
		layer: 'event channel',
		title: 'lose notifications',
		target: 'channel',
		parameters: [
			{name: 'direction', kind: 'choice', choices: ['to-backend', 'to-frontend'], initial: 'to-backend'},
			{name: 'times', kind: 'count', initial: 1, least: 1, most: 1_000_000},
		],
		sentence:
			'The next notifications of this channel are dropped: the bit is never set, nobody wakes. If no later push ' +
			'needs a notification either, both ends sleep with work on the ring until it is kicked (!).',
		words: 'lost event irq wake sleep notify drop port',
	},
];
