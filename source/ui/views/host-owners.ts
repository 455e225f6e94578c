/**
 * Several domains with backends, one below the other: what each runs in its frame. When not everything fits, frames share
 * their edges, then the lines go that say least of the path of a request.
 */
import type {DomainView, PartView} from '../../observe/snapshot.js';
import type {Rectangle} from '../canvas.js';
import {type Content, contents, type DomainFrame, epitaph, type FrameLine} from './host-frames.js';

/** Parts that are given up first come first. */
const givenUp: readonly PartView['kind'][] = ['xenstored', 'disk', 'bridge', 'driver'];

interface Stacked {
	readonly domain: DomainView;
	inside: Content[];
	readonly words: readonly string[];
}

/** @param isChosen of a part that has to stay. */
export function stackOwners(
	owners: readonly DomainView[],
	{x, y, width, height}: Rectangle,
	isChosen: (content: Content, domain: DomainView) => boolean,
): DomainFrame[] {
	const stack = owners.map((domain): Stacked => ({domain, inside: contents(domain), words: epitaph(domain)}));
	const lines = ({inside, words}: Stacked) => inside.length + words.length;
	const apart = stack.reduce((sum, each) => sum + 2 + Math.max(1, lines(each)), 0);
	const joined = apart > height;
	const rows = () => stack.reduce((sum, each) => sum + 1 + lines(each), 1);
	while (joined && rows() > height) {
		const spare = stack.flatMap((each) =>
			each.inside.filter((content) => !isChosen(content, each.domain)).map((content) => ({each, content})),
		);
		const [first] = spare.toSorted((a, b) => rank(a.content) - rank(b.content));
		if (first === undefined) break;
		first.each.inside = first.each.inside.filter((content) => content !== first.content);
	}
	const frames: DomainFrame[] = [];
	let at = y;
	for (const each of stack) {
		const {domain, inside, words} = each;
		if (at + 2 > y + height) break;
		const inner = joined ? lines(each) : Math.max(1, lines(each));
		const all: readonly FrameLine[] = [
			...words.map((text, index): FrameLine => ({kind: 'died', text, y: at + 1 + index})),
			...inside.map((content, index): FrameLine => ({...content, y: at + 1 + words.length + index})),
		];
		const hidden = contents(domain).length - inside.length;
		frames.push({domain, joined: joined && frames.length > 0, x, y: at, width, height: inner + 2, lines: all, hidden});
		at += inner + (joined ? 1 : 2);
	}
	return frames;
}

function rank(content: Content): number {
	const at = content.kind === 'part' ? givenUp.indexOf(content.part.kind) : 0;
	return at < 0 ? givenUp.length : at;
}
