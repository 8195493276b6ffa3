import { t } from '$lib/i18n/index.svelte';

/** The columns that a board is made with, from the left. */
export const usualColumns = () => [t.boards.todo, t.boards.doing, t.boards.done];

/** Titles are no longer than this. */
export const title_max_chars = 200;

export const runSheetTitle = (title: string) => t.boards.runSheetOf(title).slice(0, title_max_chars);
