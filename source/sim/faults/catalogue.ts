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
	readonly target: 'channel' | 'device' | 'domain';
	readonly parameters: readonly FaultParameter[];
	readonly sentence: string;
	readonly ends: string;
	/** Kinds of finding it explains (engine/findings.ts) and that must come once it has acted. */
	readonly declares: readonly string[];
	/** Kinds that may come and that it explains. */
	readonly allows: readonly string[];
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
		// A ring that gets more work at once is woken by that: it sleeps for less than the check can see, or not at all.
		declares: [],
		allows: ['asleep'],
		sources: ['Xen public/io/ring.h, notification hold-off', 'Linux xen-netback debugfs io_ring "kick"'],
	},
	{
		id: 'drv.crash',
		layer: 'native driver',
		title: 'crash the driver',
		target: 'device',
		parameters: [],
		sentence:
			"The device's native driver follows a null pointer, and the kernel it runs in panics: whoever that is, and whatever else that kernel does, is gone.",
		ends: 'Ends with what the placement makes of it: a reboot of the host, or of the one domain that runs the driver.',
		declares: ['crash'],
		allows: ['unanswered', 'dma', 'stray'],
		sources: ['Fraser et al., Safe Hardware Access with the Xen Virtual Machine Monitor, OASIS 2004'],
	},
	{
		id: 'guest.crash',
		layer: 'guest',
		title: 'crash a guest',
		target: 'domain',
		parameters: [],
		sentence: 'The guest’s kernel panics with whatever it had under way; its backends still hold its pages.',
		ends: 'xl does what on_crash says: destroy, restart or preserve.',
		declares: ['crash'],
		allows: ['unanswered'],
		sources: ['xl.cfg(5), on_crash'],
	},
	{
		id: 'dom0.crash',
		layer: 'domain zero',
		title: 'crash domain zero',
		target: 'domain',
		parameters: [],
		sentence: 'Domain zero’s kernel panics. It is the hardware domain: Xen stops every CPU and reboots the machine.',
		ends: 'The host comes back by itself: firmware, Xen, domain zero, the guests in order.',
		declares: ['crash'],
		allows: ['unanswered', 'dma', 'stray'],
		sources: ['Xen common/shutdown.c, hwdom_shutdown'],
	},
	{
		id: 'hw.dma.stray',
		layer: 'DMA',
		title: 'send a transfer astray',
		target: 'device',
		parameters: [
			{name: 'into', default: 'any', words: undefined, about: 'the domain whose frame the transfer hits'},
			{name: 'times', default: '1', words: undefined, about: 'transfers before the rule is spent; 0 = until cleared'},
		],
		sentence:
			'What the device writes to memory lands in a frame that is not for it. An IOMMU refuses it, and the device reports an error; without one somebody loses a page, silently.',
		ends: 'Ends after the given number. What was overwritten stays overwritten, and what should have been written is missing.',
		declares: ['stray'],
		allows: ['oracle', 'traffic', 'asleep', 'crash', 'grant'],
		sources: ['Intel VT-d specification, fault recording', 'Xen docs/misc: passthrough without an IOMMU'],
	},
	{
		id: 'guest.grab',
		layer: 'device assignment',
		title: 'reach for a device',
		target: 'domain',
		parameters: [
			{name: 'device', default: 'the first', words: undefined, about: 'the device that the domain was not given'},
		],
		sentence:
			"The domain tries to read the device's configuration space, to map its registers and to bind its interrupt. Xen refuses whoever was not given the device.",
		ends: 'Ends with the refusals; the domain goes on.',
		declares: ['access'],
		allows: [],
		sources: ['Xen public/physdev.h and xsm: iomem and irq permissions, -EPERM'],
	},
];
