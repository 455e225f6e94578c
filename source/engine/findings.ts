/**
Findings: what the host's checks of itself discover (a violated oracle, a DMA outside its windows, a channel asleep with work).
A finding is *explained* when an armed fault declared it or the scenario expects it; any other fails the run.
*/
export interface Finding {
	/** `oracle`, `dma`, `grant`, `asleep`, `request`, `cpu`, `livelock`. */
	readonly kind: string;
	readonly time: number;
	readonly parties: readonly string[];
	readonly text: string;
	/** Id of the fault or expectation that explains it; '' when nothing does. */
	explainedBy: string;
	/** When it ended (the channel woke), in nanoseconds; 0 while it lasts or when it is an instant. */
	ended: number;
}

export class Findings {
	readonly all: Finding[] = [];
	/** Asked for each finding: the id of an armed fault that declares it, or ''. */
	explain: (kind: string, parties: readonly string[]) => string = () => '';

	report(kind: string, time: number, parties: readonly string[], text: string): Finding {
		const finding: Finding = {kind, time, parties, text, explainedBy: this.explain(kind, parties), ended: 0};
		if (this.all.length < 10_000) {
			this.all.push(finding);
		}

		return finding;
	}

	get unexplained(): readonly Finding[] {
		return this.all.filter((finding) => finding.explainedBy === '');
	}
}
