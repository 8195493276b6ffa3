import type { HandleClientError } from '@sveltejs/kit';

/** A wrong address is an answer, not an error; anything else is worth a look in the console. */
export const handleError: HandleClientError = ({ error, status, message }) => {
	if (status !== 404) console.error(error);
	return { message };
};
