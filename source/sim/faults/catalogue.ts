/**
The catalogue of faults: what can break, in one sentence, with its parameters, what it declares that the host's checks will
find, and how it ends. Only what can be injected now is in it.
*/
export interface FaultParameter {
	readonly name: string;
	readonly default: string;
	/** The words it may be; undefined for a whole number. */
	readonly words: readonly string[] | undefined;
	readonly about: string;
}

export interface FaultEntry {
	/** `evt.lost` */
	readonly id: string;
	/** `event channel` */
	readonly layer: string;
	readonly title: string;
	/** What kind of thing it is aimed at. */
	readonly target: 'channel';
	readonly parameters: readonly FaultParameter[];
	readonly sentence: string;
	readonly ends: string;
	/** Kinds of finding it explains (engine/findings.ts). */
	readonly declares: readonly string[];
	readonly sources: readonly string[];
}

export const catalogue: readonly FaultEntry[] = [
	{
		id: 'evt.lost',
		layer: 'event channel',
		title: 'lose notifications',
		target: 'channel',
		parameters: [
			{
				name: 'direction',
				default: 'to-backend',
				words: ['to-backend', 'to-frontend', 'both'],
				about: 'which end misses its wake-up',
			},
			{
				name: 'times',
				default: '1',
				words: undefined,
				about: 'notifications lost before the rule is spent; 0 = until cleared',
			},
		],
		sentence: 'The event that should wake the other end is dropped: both ends may sleep with work on the ring.',
		ends: 'Ends after the given number; the ring sleeps until kicked (!) or until the next notification.',
		declares: ['asleep'],
		sources: ['Xen public/io/ring.h, notification hold-off', 'Linux xen-netback debugfs io_ring "kick"'],
	},
];
