/** What fairq's workers write into an answer for Celery's client (`app_id`): its completion is in the event stream already. */
export const ANSWERED_BY_FAIRQ = 'fairq';

/** What an event says of the worker where the answer of one of Celery's own is all that is known. */
export const CELERY_WORKER = 'celery';
