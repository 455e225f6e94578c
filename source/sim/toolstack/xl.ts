/** xl's commands as data. The timeline's parser (sim/scenario) makes them from lines such as `sched-credit -d web -w 512 -c 50`. */
export type XlCommand =
	| {readonly command: 'pause' | 'unpause'; readonly domain: string}
	| {
			readonly command: 'sched-credit';
			readonly domain: string;
			/** 1 to 65535; undefined leaves it. */
			readonly weight: number | undefined;
			/** Percent of one physical CPU, 0 is no cap; undefined leaves it. */
			readonly cap: number | undefined;
	  };
