/** What the Host figure is made of: frames of domains with their lines, and channels between them. */
import type {ChannelView, DomainView, JobView, PartView} from '../../observe/snapshot.js';
import type {Rectangle} from '../canvas.js';
import {clock} from '../format.js';
import {drawnParts} from '../subject.js';

/** One line inside a domain's frame. */
export type FrameLine =
	| {readonly kind: 'part'; readonly part: PartView; readonly y: number}
	| {readonly kind: 'job'; readonly job: JobView; readonly y: number}
	/** More of the channel of the disk or network above it; only where there is room. */
	| {readonly kind: 'detail'; readonly channel: ChannelView; readonly y: number}
	| {readonly kind: 'died'; readonly text: string; readonly y: number};

export interface DomainFrame extends Rectangle {
	readonly domain: DomainView;
	/** Its upper edge is the lower edge of the frame above. */
	readonly joined: boolean;
	readonly lines: readonly FrameLine[];
	/** Parts and jobs that found no line. */
	readonly hidden: number;
}

/** Where a channel is drawn on the row of its frontend. */
export interface ChannelSpan extends Rectangle {
	readonly channel: ChannelView;
	/** Where it begins at its backend's domain: the first cell right of the frame. */
	readonly from: {readonly x: number; readonly y: number};
	/** The column in which it goes from its backend's row to its frontend's; undefined for one that is straight. */
	readonly lane: number | undefined;
}

export type Content = {readonly kind: 'part'; readonly part: PartView} | {readonly kind: 'job'; readonly job: JobView};
/** What became of a dead domain, a line each; its frame holds nothing else. Of one that boots, what is to come. */
export function epitaph({died, booting, role}: DomainView): string[] {
	if (died === undefined) return booting && role === 'driver' ? ['booting: serves nobody yet'] : [];
	const zombie = died.zombiePages > 0 ? [`zombie: ${died.zombiePages} pages still mapped`] : [];
	return [`${died.cause} ${clock(died.time)}`, ...zombie];
}

export function contents(domain: DomainView): Content[] {
	if (domain.died !== undefined) return [];
	return [
		...drawnParts(domain).map((part): Content => ({kind: 'part', part})),
		...domain.jobs.map((job): Content => ({kind: 'job', job})),
	];
}
